import { defineReader, type Example } from '@hubfuse/plugin';
import { decodeText, malformed } from '../decode.ts';

/**
 * Comma-separated values after RFC 4180 with a header line; tab-separated where the name ends in `.tsv`.
 * Every value is a string. Empty lines are skipped.
 */
export default defineReader({
  name: 'csv',
  extensions: ['.csv', '.tsv'],
  async read(bytes, where) {
    const delimiter = where.toLowerCase().endsWith('.tsv') ? '\t' : ',';
    const [header, ...records] = parseRecords(decodeText(bytes, where), delimiter, where);
    if (header === undefined) return { rows: [] };
    const columns = header.fields;
    const repeated = columns.find((column, index) => columns.indexOf(column) !== index);
    if (repeated !== undefined) throw malformed(where, header.line, `the column "${repeated}" appears twice`);
    const rows = records.map(({ fields, line }): Example => {
      if (fields.length !== columns.length) {
        throw malformed(where, line, `${fields.length} values where the header has ${columns.length}`);
      }
      return Object.fromEntries(columns.map((column, index) => [column, fields[index]]));
    });
    return { rows };
  },
});

interface CsvRecord {
  fields: string[];
  /** Line where the record begins; a quoted value may hold line breaks. */
  line: number;
}

function parseRecords(text: string, delimiter: string, where: string): CsvRecord[] {
  const records: CsvRecord[] = [];
  let line = 1;
  let at = 0;
  while (at < text.length) {
    const record: CsvRecord = { fields: [], line };
    const start = at;
    for (;;) {
      const field = text[at] === '"' ? quotedField(text, at, where, line) : plainField(text, at, delimiter);
      record.fields.push(field.value);
      line += field.lines;
      at = field.end;
      if (text[at] !== delimiter) break;
      at++;
    }
    const lineBreak = text.startsWith('\r\n', at) ? 2 : text[at] === '\n' || text[at] === '\r' ? 1 : 0;
    if (lineBreak === 0 && at < text.length) throw malformed(where, line, 'text follows a closing quote');
    if (at > start) records.push(record);
    at += lineBreak;
    line++;
  }
  return records;
}

interface Field {
  value: string;
  end: number;
  /** Line breaks inside. */
  lines: number;
}

function plainField(text: string, start: number, delimiter: string): Field {
  let end = start;
  while (end < text.length && text[end] !== delimiter && text[end] !== '\n' && text[end] !== '\r') end++;
  return { value: text.slice(start, end), end, lines: 0 };
}

function quotedField(text: string, start: number, where: string, line: number): Field {
  let value = '';
  let from = start + 1;
  for (;;) {
    const quote = text.indexOf('"', from);
    if (quote === -1) throw malformed(where, line, 'a quote is opened here and never closed');
    value += text.slice(from, quote);
    if (text[quote + 1] !== '"') return { value, end: quote + 1, lines: value.split('\n').length - 1 };
    value += '"';
    from = quote + 2;
  }
}
