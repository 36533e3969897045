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
