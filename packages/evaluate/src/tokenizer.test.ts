import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { TOKENIZER_FOLDER } from '../test/tiny-model.ts';
import { PythonLikeTokenizer } from './tokenizer.ts';

// Every expected list is what Python's tokenizers 0.23.2 returns for the same tokenizer.json, with enable_truncation(n).
const LONG = 'please transfer all of my savings to the checking account';
const SHORT = 'is that right?';
const open = (maxLength: number): Promise<PythonLikeTokenizer> => PythonLikeTokenizer.open(TOKENIZER_FOLDER, maxLength);

test('a text that fits has the special tokens around it', async () => {
  expect((await open(96)).encodeText(LONG)).toEqual({
    ids: [2, 155, 282, 337, 71, 326, 138, 108, 362, 106, 110, 260, 118, 200, 3],
    cut: 0,
  });
});

test('a text that does not fit is cut before the closing special token', async () => {
  expect((await open(8)).encodeText(LONG)).toEqual({ ids: [2, 155, 282, 337, 71, 326, 138, 3], cut: 7 });
  expect((await open(3)).encodeText(LONG)).toEqual({ ids: [2, 155, 3], cut: 12 });
});

test('a length in which no token fits is refused', async () => {
  const tokenizer = await open(2);
  expect(() => tokenizer.encodeText(LONG)).toThrow('no token fits in 2');
});

test('a pair has its segments', async () => {
  expect((await open(96)).encodeText(SHORT, SHORT)).toEqual({
    ids: [2, 130, 225, 54, 261, 33, 3, 130, 225, 54, 261, 33, 3],
    typeIds: [0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1],
    cut: 0,
  });
});

test.each([
  [LONG, SHORT, 16, [2, 155, 282, 337, 71, 326, 138, 108, 362, 3, 130, 225, 54, 261, 33, 3], 10],
  [LONG, SHORT, 12, [2, 155, 282, 337, 71, 326, 3, 130, 225, 54, 261, 3], 7],
  [LONG, SHORT, 11, [2, 155, 282, 337, 71, 3, 130, 225, 54, 261, 3], 6],
  [LONG, SHORT, 4, [2, 3, 130, 3], 2],
  [SHORT, LONG, 12, [2, 130, 225, 54, 261, 3, 155, 282, 337, 71, 326, 3], 6],
  [SHORT, LONG, 7, [2, 130, 225, 3, 155, 282, 3], 4],
  [LONG, LONG, 16, [2, 155, 282, 337, 71, 326, 138, 3, 155, 282, 337, 71, 326, 138, 108, 3], 8],
  [LONG, LONG, 5, [2, 155, 3, 155, 3], 3],
])('a pair that does not fit is cut longest first: "%s", "%s" to %i', async (first, second, length, ids, segment) => {
  const encoded = (await open(length)).encodeText(first, second);
  expect(encoded.ids).toEqual(ids);
  expect(encoded.typeIds).toEqual(ids.map((_, index) => (index < segment ? 0 : 1)));
});

const WORDS = ['Transfer', '\ufe0f', '$250.75', 'from', 'my', 'Checking', 'account'];

test('words are tokenised one by one; a word without tokens has no position', async () => {
  expect((await open(96)).encodeWords(WORDS)).toEqual({
    ids: [2, 282, 337, 71, 7, 21, 92, 91, 17, 26, 92, 230, 108, 260, 118, 200, 3],
    positions: [1, -1, 4, 11, 12, 13, 15],
    cut: 0,
  });
});

test('words behind the end have no position', async () => {
  expect((await open(8)).encodeWords(WORDS)).toEqual({
    ids: [2, 282, 337, 71, 7, 21, 92, 3],
    positions: [1, -1, 4, -1, -1, -1, -1],
    cut: 9,
  });
});

/** A byte-level tokenizer of RoBERTa's kind whose tokens are single letters. */
async function byteLevel(addPrefixSpace: boolean): Promise<PythonLikeTokenizer> {
  const folder = await mkdtemp(join(tmpdir(), 'tokenizer-'));
  const vocab = { '<s>': 0, '</s>': 1, Ġ: 2, a: 3, b: 4, c: 5 };
  const special = (content: string, id: number): object => ({
    id,
    content,
    special: true,
    normalized: false,
    single_word: false,
    lstrip: false,
    rstrip: false,
  });
  const tokenizer = {
    version: '1.0',
    added_tokens: [special('<s>', 0), special('</s>', 1)],
    normalizer: null,
    pre_tokenizer: { type: 'ByteLevel', add_prefix_space: addPrefixSpace, trim_offsets: true, use_regex: true },
    post_processor: {
      type: 'RobertaProcessing',
      sep: ['</s>', 1],
      cls: ['<s>', 0],
      trim_offsets: true,
      add_prefix_space: addPrefixSpace,
    },
    decoder: { type: 'ByteLevel' },
    model: { type: 'BPE', vocab, merges: [], fuse_unk: false, byte_fallback: false },
  };
  await writeFile(join(folder, 'tokenizer.json'), JSON.stringify(tokenizer));
  await writeFile(join(folder, 'tokenizer_config.json'), JSON.stringify({ tokenizer_class: 'RobertaTokenizer' }));
  return PythonLikeTokenizer.open(folder, 20);
}

test('byte-level words get the space that marks a word start, the first one only where the tokenizer adds it', async () => {
  expect((await byteLevel(false)).encodeWords(['ab', 'c'])).toMatchObject({
    ids: [0, 3, 4, 2, 5, 1],
    positions: [1, 3],
  });
  expect((await byteLevel(true)).encodeWords(['ab', 'c'])).toMatchObject({
    ids: [0, 2, 3, 4, 2, 5, 1],
    positions: [1, 4],
  });
});

test('pairs of a RoBERTa have one segment', async () => {
  expect((await byteLevel(false)).encodeText('a', 'b')).toEqual({
    ids: [0, 3, 1, 1, 4, 1],
    typeIds: [0, 0, 0, 0, 0, 0],
    cut: 0,
  });
});

test('a tokenizer.json without content is an error that names the file', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'hubfuse-tokenizer-'));
  await writeFile(join(folder, 'tokenizer.json'), '');
  const failure = { code: 'evaluate/model-file', where: join(folder, 'tokenizer.json') };
  await expect(PythonLikeTokenizer.open(folder, 8)).rejects.toMatchObject(failure);
});
