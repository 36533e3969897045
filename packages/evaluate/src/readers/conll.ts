import { defineReader, type Example } from '@hubfuse/plugin';
import { decodeText, malformed } from '../decode.ts';

/** Comments as CoNLL-U and MultiCoNER write them; a token may begin with # too, so a bare # is no comment. */
const COMMENT = /^# (\S+ = |newdoc|newpar|id )/;

/**
 * One word per line, its tag in the last column, an empty line after each sentence. Columns are separated by tabs
 * where a line has one, else by blanks. `-DOCSTART-` lines are skipped. Rows have `tokens` and `tags`.
 */
export default defineReader({
  name: 'conll',
  extensions: ['.conll', '.bio', '.iob', '.iob2'],
  async read(bytes, where) {
    const rows: Example[] = [];
    let sentence: { tokens: string[]; tags: string[] } = { tokens: [], tags: [] };
    let columns: number | undefined;
    const close = (): void => {
      if (sentence.tokens.length > 0) rows.push(sentence);
      sentence = { tokens: [], tags: [] };
    };
    for (const [index, raw] of decodeText(bytes, where).split('\n').entries()) {
      const line = raw.endsWith('\r') ? raw.slice(0, -1) : raw;
      if (line.trim() === '' || line.startsWith('-DOCSTART-')) {
        close();
        continue;
      }
      if (COMMENT.test(line)) continue;
      const fields = line.includes('\t') ? line.split('\t') : line.trim().split(/ +/);
      const token = fields[0];
      const tag = fields.at(-1)?.trim();
      if (fields.length < 2 || token === undefined || tag === undefined || tag === '') {
        throw malformed(where, index + 1, 'the line has a word but no tag');
      }
      columns ??= fields.length;
      if (fields.length !== columns) {
        throw malformed(where, index + 1, `${fields.length} columns where the lines before have ${columns}`);
      }
      sentence.tokens.push(token);
      sentence.tags.push(tag);
    }
    close();
    return { rows };
  },
});
