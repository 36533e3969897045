import { TensorError } from '@hubfuse/plugin';
import { describe, expect, test } from 'vitest';
import { mutateHeader, validFile } from '../test/header-mutations.ts';
import { DTYPES } from './dtype.ts';
import { encodeHeader } from './encode-header.ts';
import { headerEnd, parseHeader } from './header.ts';

/** How many mutated headers to read; the soak sets more. */
const MUTATIONS = Number(process.env.HUBFUSE_MUTATIONS || 3000);

/** A file of this header text, and `data` bytes after it. */
function file(json: string | Uint8Array, data: number): { bytes: Uint8Array; fileSize: number } {
  const text = typeof json === 'string' ? new TextEncoder().encode(json) : json;
  const bytes = new Uint8Array(8 + text.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  return { bytes, fileSize: bytes.length + data };
}

function parse(json: string | Uint8Array, data: number) {
  const { bytes, fileSize } = file(json, data);
  return parseHeader(bytes, { file: 'm.safetensors', fileSize });
}

function refusal(action: () => unknown): TensorError {
  try {
    action();
  } catch (error) {
    if (error instanceof TensorError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

const entry = (dtype: string, shape: number[], begin: number, end: number) =>
  JSON.stringify({ dtype, shape, data_offsets: [begin, end] });

test('every dtype, 0-d and empty tensors and metadata come back from a header as they were put in', () => {
  const tensors = DTYPES.flatMap((dtype) => [
    { name: `${dtype}.matrix`, dtype, shape: [8, 2] },
    { name: `${dtype}.scalar`, dtype, shape: [8, 1] },
    { name: `${dtype}.empty`, dtype, shape: [3, 0, 2] },
  ]);
  const scalars = [{ name: 'scalar', dtype: 'F64' as const, shape: [] }, ...tensors];
  const metadata = { format: 'pt', 'a "key"': 'ünïcode \n\t\\', __proto__x: '' };
  const { bytes, offsets, fileSize } = encodeHeader({ tensors: scalars, metadata });
  const header = parseHeader(bytes, { file: 'm', fileSize });
  expect(header.metadata).toEqual(metadata);
  const found = new Map(header.tensors.map((tensor) => [tensor.name, tensor]));
  expect(found.size).toBe(scalars.length);
  for (const [i, { name, dtype, shape }] of scalars.entries()) {
    expect(found.get(name)).toMatchObject({ name, dtype, shape, offset: offsets[i], file: 'm' });
  }
  expect(header.dataStart % 8).toBe(0);
});

test('tensors come in the order of their bytes, whatever the order of the header', () => {
  const { tensors } = parse(`{"b":${entry('U8', [2], 1, 3)},"a":${entry('U8', [1], 0, 1)}}`, 3);
  expect(tensors.map(({ name }) => name)).toEqual(['a', 'b']);
});

test('names that mean something to JavaScript are ordinary names', () => {
  const { tensors, metadata } = parse(`{"__metadata__":{"__proto__":"x"},"__proto__":${entry('U8', [1], 0, 1)}}`, 1);
  expect(tensors[0]?.name).toBe('__proto__');
  expect(Object.entries(metadata)).toEqual([['__proto__', 'x']]);
});

describe('a malformed header is refused with file, tensor and reason:', () => {
  const a = entry('F32', [2], 0, 8);
  const cases: [string, string | Uint8Array, number, string, RegExp][] = [
    ['no JSON', 'hello there', 0, 'tensors/header-json', /must begin with \{/],
    ['cut JSON', '{"a":{"dtype":"F32"', 0, 'tensors/header-json', /character 19/],
    ['text after the JSON', `{"a":${a}} x`, 8, 'tensors/header-json', /"x" follows the end/],
    ['an array', '[1,2]', 0, 'tensors/header-json', /must begin with/],
    ['bytes that are not UTF-8', Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x7d), 0, 'tensors/header-json', /not UTF-8/],
    ['a repeated tensor', `{"a":${a},"a":${a}}`, 8, 'tensors/header-json', /has the key "a" twice/],
    ['a repeated tensor, once escaped', `{"a":${a},"\\u0061":${a}}`, 8, 'tensors/header-json', /"a" twice/],
    ['a repeated key', '{"a":{"dtype":"F32","dtype":"F16"}}', 8, 'tensors/header-json', /"dtype" twice/],
    ['repeated metadata', '{"__metadata__":{"a":"1","a":"2"}}', 0, 'tensors/header-json', /"a" twice/],
    [
      'metadata that is not text',
      '{"__metadata__":{"a":1}}',
      0,
      'tensors/header-json',
      /metadata "a" must be a string/,
    ],
    ['an empty name', `{"":${a}}`, 8, 'tensors/tensor-name', /without a name/],
    ['an unknown dtype', `{"a":${entry('F33', [2], 0, 8)}}`, 8, 'tensors/dtype', /"a" has the unknown dtype "F33"/],
    ['a dtype of Object', `{"a":${entry('toString', [2], 0, 8)}}`, 8, 'tensors/dtype', /unknown dtype "toString"/],
    ['an unknown key', '{"a":{"dtypo":"F32"}}', 8, 'tensors/entry', /"a" has the unknown key "dtypo"/],
    ['no dtype', '{"a":{"shape":[],"data_offsets":[0,4]}}', 4, 'tensors/entry', /"a" has no dtype/],
    ['no shape', '{"a":{"dtype":"F32","data_offsets":[0,4]}}', 4, 'tensors/entry', /"a" has no shape/],
    ['one offset', '{"a":{"dtype":"F32","shape":[],"data_offsets":[0]}}', 4, 'tensors/entry', /pair of data_offsets/],
    [
      'three offsets',
      '{"a":{"dtype":"F32","shape":[],"data_offsets":[0,4,8]}}',
      4,
      'tensors/header-json',
      /more than 2/,
    ],
    ['a negative size', `{"a":${entry('F32', [-2], 0, 8)}}`, 8, 'tensors/header-json', /shape of tensor "a" is -2/],
    ['a fraction', `{"a":${entry('F32', [1.5], 0, 8)}}`, 8, 'tensors/header-json', /1\.5, which is not a non-negative/],
    ['an unsafe size', '{"a":{"dtype":"F32","shape":[9007199254740993]}}', 8, 'tensors/header-json', /more than 2\^53/],
    [
      'an endless rank',
      `{"a":{"dtype":"F32","shape":[${'1,'.repeat(99)}1]}}`,
      8,
      'tensors/header-json',
      /more than 64 entries/,
    ],
    [
      'a shape whose product overflows',
      `{"a":${entry('F32', [2 ** 52, 2 ** 52, 2 ** 52], 0, 8)}}`,
      8,
      'tensors/size',
      /"a" is F32/,
    ],
    [
      'offsets that run backwards',
      `{"a":${entry('F32', [2], 8, 0)}}`,
      8,
      'tensors/offsets',
      /"a" has offsets that run backwards/,
    ],
    [
      'bytes that do not fit dtype and shape',
      `{"a":${entry('F32', [3], 0, 8)}}`,
      8,
      'tensors/size',
      /"a" is F32 \[3\], which takes 12 bytes, but its offsets span 8/,
    ],
    ['an end beyond the file', `{"a":${a}}`, 7, 'tensors/beyond-file', /"a" ends at byte 8 .* only 7 bytes/],
    [
      'an overlap',
      `{"a":${a},"b":${entry('F32', [2], 4, 12)}}`,
      12,
      'tensors/overlap',
      /"b" begins at byte 4 .* overlaps tensor "a"/,
    ],
    [
      'a gap',
      `{"a":${a},"b":${entry('F32', [1], 12, 16)}}`,
      16,
      'tensors/gap',
      /"b" .* 4 bytes before it belong to no tensor/,
    ],
    ['a gap before the first tensor', `{"b":${entry('F32', [1], 4, 8)}}`, 8, 'tensors/gap', /"b"/],
    ['bytes after the last tensor', `{"a":${a}}`, 9, 'tensors/trailing-bytes', /1 bytes after the last tensor/],
    ['data without tensors', '{}', 3, 'tensors/trailing-bytes', /3 bytes after/],
  ];
  test.each(cases)('%s', (_, json, data, code, message) => {
    const error = refusal(() => parse(json, data));
    expect(error.code).toBe(code);
    expect(error.where).toBe('m.safetensors');
    expect(error.summary).toMatch(message);
  });
});

describe('the announced length is checked before anything is read or allocated:', () => {
  const announce = (length: bigint, fileSize: number) => {
    const bytes = new Uint8Array(8);
    new DataView(bytes.buffer).setBigUint64(0, length, true);
    return refusal(() => headerEnd(bytes, { file: 'm.safetensors', fileSize })).code;
  };
  test('over 100 MB', () => expect(announce(100_000_001n, 2 ** 40)).toBe('tensors/header-too-large'));
  test('2^64 - 1', () => expect(announce(2n ** 64n - 1n, 2 ** 40)).toBe('tensors/header-too-large'));
  test('beyond the file', () => expect(announce(93n, 100)).toBe('tensors/header-beyond-file'));
  test('no header at all', () => expect(announce(0n, 8)).toBe('tensors/header-json'));
  test('a file of seven bytes', () => expect(announce(2n, 7)).toBe('tensors/too-short'));
});

test.each([
  ['version https://git-lfs.github.com/spec/v1', /pointer of Git LFS/],
  ['<!DOCTYPE html>', /web page/],
  ['PK\x03\x04 archive of pickles', /Python pickle/],
])('%j in the place of weights is called what it is', (text, message) => {
  const bytes = new TextEncoder().encode(text);
  const error = refusal(() => headerEnd(bytes, { file: 'm.safetensors', fileSize: bytes.length }));
  expect(error).toMatchObject({ code: 'tensors/not-safetensors', summary: expect.stringMatching(message) });
});

test('a read that was cut says how much of the file came', () => {
  const cut = (length: number) =>
    refusal(() => parseHeader(validFile.bytes.subarray(0, length), { file: 'm', fileSize: validFile.fileSize }));
  expect(cut(5).summary).toMatch(/of which only 5 were read/);
  expect(cut(40).summary).toMatch(/of which only 40 were read/);
});

test('100 MB of nested brackets are refused at the first bracket', () => {
  const { bytes, fileSize } = file(new Uint8Array(100_000_000).fill(0x5b).fill(0x7b, 0, 1), 0);
  expect(refusal(() => parseHeader(bytes, { file: 'm', fileSize })).code).toBe('tensors/header-json');
});

test('a header of one string of 20 million characters is read or refused without a crash', () => {
  const { bytes, fileSize } = file(`{"${'x'.repeat(20_000_000)}":1}`, 0);
  const error = refusal(() => parseHeader(bytes, { file: 'm', fileSize }));
  expect(error.code).toBe('tensors/header-json');
  expect(error.message.length).toBeLessThan(1000);
});

test(`${MUTATIONS} damaged headers are read or refused by a TensorError, and what is read covers the file`, () => {
  expect(() => parseHeader(validFile.bytes, { file: 'm', fileSize: validFile.fileSize })).not.toThrow();
  let refused = 0;
  for (let seed = 0; seed < MUTATIONS; seed++) {
    const { bytes, fileSize, mutations } = mutateHeader(seed);
    try {
      const { tensors, dataStart } = parseHeader(bytes, { file: 'm', fileSize });
      const covered = tensors.reduce((sum, tensor) => sum + tensor.bytes, dataStart);
      expect(covered, mutations.join('; ')).toBe(fileSize);
    } catch (error) {
      if (!(error instanceof TensorError)) throw new Error(`seed ${seed}: ${mutations.join('; ')}`, { cause: error });
      refused++;
    }
  }
  expect(refused).toBeGreaterThan(MUTATIONS / 2);
}, 600_000);
