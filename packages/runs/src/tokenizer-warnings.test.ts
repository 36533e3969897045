import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { PinnedModel } from './run-plan.ts';
import { tokenizerWarnings } from './tokenizer-warnings.ts';

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'hubfuse-tokenizers-'));
});
afterAll(() => rm(root, { recursive: true, force: true }));

let count = 0;
async function model(name: string, files: Readonly<Record<string, string>>) {
  const folder = join(root, `${count++}`);
  await mkdir(folder);
  for (const [file, content] of Object.entries(files)) await writeFile(join(folder, file), content);
  const pinned: PinnedModel = { role: 'model', reference: name, name, kind: 'folder', files: [] };
  return { model: pinned, folder };
}

const wordPiece = (vocab: object, added: readonly object[] = []) =>
  JSON.stringify({ model: { type: 'WordPiece', vocab }, added_tokens: added });
const unigram = (...tokens: string[]) =>
  JSON.stringify({ model: { type: 'Unigram', vocab: tokens.map((token) => [token, -1.5]) }, added_tokens: [] });

const ABC = wordPiece({ a: 0, b: 1, c: 2 });

test('an id that stands for another token is told with both, and with how many there are', async () => {
  const warnings = await tokenizerWarnings(
    [
      await model('base', { 'tokenizer.json': ABC }),
      await model('same', { 'tokenizer.json': wordPiece({ c: 2, b: 1, a: 0 }) }),
      await model('other', { 'tokenizer.json': wordPiece({ a: 0, c: 1, b: 2 }) }),
    ],
    0,
  );
  expect(warnings).toHaveLength(1);
  expect(warnings[0]).toContain('base and other differ in 2 of 3 tokens (1 is "b" and "c")');
});

test.each([
  ['tokens beyond the other vocabulary', { 'tokenizer.json': wordPiece({ a: 0, b: 1, c: 2, d: 3 }) }],
  ['an added token of the same text', { 'tokenizer.json': wordPiece({ a: 0, b: 1 }, [{ id: 2, content: 'c' }]) }],
  ['a list of words', { 'vocab.txt': 'a\nb\nc\n' }],
  ['a list with line ends of Windows', { 'vocab.txt': 'a\r\nb\r\nc\r\n' }],
  ['a table of words', { 'vocab.json': '{"a": 0, "b": 1, "c": 2}' }],
  ['scored tokens', { 'tokenizer.json': unigram('a', 'b', 'c') }],
  ['no tokenizer', {}],
  ['a tokenizer that cannot be read', { 'tokenizer.json': '{' }],
])('%s are no difference', async (_, files) => {
  const models = [await model('base', { 'tokenizer.json': ABC }), await model('other', files)];
  expect(await tokenizerWarnings(models, 0)).toEqual([]);
  expect(await tokenizerWarnings(models, 1)).toEqual([]);
});

test.each([
  [
    'an added token in the place of another',
    { 'tokenizer.json': wordPiece({ a: 0, b: 1, c: 2 }, [{ id: 2, content: '[X]' }]) },
  ],
  ['a list of words', { 'vocab.txt': 'a\nb\nx\n' }],
  ['scored tokens', { 'tokenizer.json': unigram('a', 'b', 'x') }],
])('a difference in %s is told', async (_, files) => {
  const models = [await model('base', { 'tokenizer.json': ABC }), await model('other', files)];
  expect(await tokenizerWarnings(models, 1)).toEqual([
    expect.stringContaining('other and base differ in 1 of 3 tokens'),
  ]);
});
