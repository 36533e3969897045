import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { PinnedModel } from './run-plan.ts';

/**
 * Warnings of models whose tokenizers give an id to another token than the donor's does. Embeddings are merged row by row, and such
 * rows stand for different words: nothing in shapes and names tells. Tokens that one vocabulary has beyond the other are no difference.
 * @param models the inputs of the merge, with the folder of each
 * @param donor index of the model whose tokenizer goes with the result
 */
export async function tokenizerWarnings(
  models: readonly { model: PinnedModel; folder: string }[],
  donor: number,
): Promise<string[]> {
  const files = await Promise.all(models.map(({ folder }) => readFiles(folder)));
  const given = files[donor];
  if (given === undefined) return [];
  // Fine-tunes share their base's files, and parsing large ones takes long.
  const others = files.map((file) => (sameFiles(file, given) ? undefined : vocabularyOf(file)));
  const own = others.some((vocabulary) => vocabulary !== undefined) ? vocabularyOf(given) : undefined;
  if (own === undefined) return [];
  return others.flatMap((other, index) => {
    if (other === undefined) return [];
    const shared = [...own].flatMap(([id, token]) => {
      const theirs = other.get(id);
      return theirs === undefined ? [] : [{ id, token, theirs }];
    });
    const differing = shared.filter(({ token, theirs }) => token !== theirs);
    const [first] = differing;
    if (first === undefined) return [];
    const [ours, name] = [models[donor]?.model.name, models[index]?.model.name];
    return [
      `the tokenizers of ${ours} and ${name} differ in ${differing.length} of ${shared.length} tokens ` +
        `(${first.id} is ${JSON.stringify(first.token)} and ${JSON.stringify(first.theirs)}): ` +
        'their embeddings are merged all the same, row by row, and the result has the tokenizer of the first',
    ];
  });
}

/** Files that say which id stands for which token. */
const FILES = ['tokenizer.json', 'vocab.txt', 'vocab.json'] as const;

type Files = Readonly<Record<(typeof FILES)[number], string | undefined>>;

async function readFiles(folder: string): Promise<Files> {
  const read = (name: string) => readFile(join(folder, name), 'utf8').catch(() => undefined);
  const texts = await Promise.all(FILES.map(async (name) => [name, await read(name)] as const));
  return Object.fromEntries(texts) as Files;
}

function sameFiles(a: Files, b: Files): boolean {
  return FILES.every((name) => a[name] === b[name]);
}

/** Tokens by id, of the first file that tells; undefined where none does. */
function vocabularyOf(files: Files): ReadonlyMap<number, string> | undefined {
  const { 'tokenizer.json': tokenizer, 'vocab.txt': list, 'vocab.json': table } = files;
  try {
    if (tokenizer !== undefined) return vocabularyOfTokenizer(JSON.parse(tokenizer));
    if (list !== undefined)
      return new Map(
        list
          .replace(/\r?\n$/, '')
          .split(/\r?\n/)
          .entries(),
      );
    if (table !== undefined) return byId(JSON.parse(table));
  } catch {
    // What cannot be read is said by whoever tokenises with it.
  }
  return undefined;
}

/** `model.vocab` is a table of ids, or for Unigram a list of tokens with their scores; `added_tokens` come on top. */
function vocabularyOfTokenizer(content: unknown): ReadonlyMap<number, string> | undefined {
  const { model, added_tokens: added } = content as {
    model?: { vocab?: unknown };
    added_tokens?: readonly { id: number; content: string }[];
  };
  const vocab = model?.vocab;
  if (typeof vocab !== 'object' || vocab === null) return undefined;
  const tokens = Array.isArray(vocab) ? new Map(vocab.map(([token], id) => [id, String(token)])) : byId(vocab);
  for (const { id, content: token } of added ?? []) tokens.set(id, token);
  return tokens;
}

function byId(table: object): Map<number, string> {
  return new Map(Object.entries(table).map(([token, id]) => [Number(id), token]));
}
