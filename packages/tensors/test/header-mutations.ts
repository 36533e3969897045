import { encodeHeader } from '@hubfuse/tensors';
import { randomNumbers } from '../../../tests/random-numbers.ts';

/** A file as its first bytes and the size that the file system states for it. */
export interface MutatedFile {
  bytes: Uint8Array;
  fileSize: number;
  /** What was done, for the message of a failing test. */
  mutations: string[];
}

const VALID = encodeHeader({
  metadata: { format: 'pt', note: 'ä "quoted" \\ text' },
  tensors: [
    { name: 'step', dtype: 'I64', shape: [] },
    { name: 'encoder.weight', dtype: 'F32', shape: [4, 3] },
    { name: 'encoder.bias', dtype: 'BF16', shape: [3] },
    { name: 'empty', dtype: 'F16', shape: [0, 7] },
    { name: 'mask', dtype: 'BOOL', shape: [2] },
  ],
});

const FRAGMENTS = [
  '{',
  '}',
  '[',
  ']',
  ',',
  ':',
  '"',
  '\\',
  '\\u0000',
  '\\ud800',
  '\u0000',
  '-1',
  '1e400',
  '1.5',
  '18446744073709551616',
  '9007199254740993',
  'null',
  'true',
  '"__proto__"',
  '"__metadata__"',
  '"constructor"',
  '"F32"',
  '"F4"',
  '"dtype"',
  '"shape"',
  '"data_offsets"',
  '[[[[[[[[',
  '{"a":{"a":{"a":',
  '"encoder.bias"',
  ' '.repeat(64),
  '0'.repeat(400),
];
const LENGTHS = [
  0n,
  1n,
  2n,
  7n,
  100_000_000n,
  100_000_001n,
  2n ** 31n,
  2n ** 32n,
  2n ** 53n,
  2n ** 63n,
  2n ** 64n - 1n,
];

/** The valid file that mutations start from. */
export const validFile: Readonly<{ bytes: Uint8Array; fileSize: number }> = VALID;

/** A damaged variant of a valid file: bytes flipped, text inserted, cut or repeated, length or file size changed. */
export function mutateHeader(seed: number): MutatedFile {
  const random = randomNumbers(seed);
  const below = (limit: number) => Math.floor(random() * limit);
  const pick = <T>(choices: readonly T[]): T => choices[below(choices.length)] as T;
  let json = new TextDecoder().decode(VALID.bytes.subarray(8));
  let fileSize = VALID.fileSize;
  let length: bigint | undefined;
  const mutations: string[] = [];
  const flips: { at: number; value: number }[] = [];
  for (let count = 1 + below(4); count > 0; count--) {
    const at = below(json.length);
    const end = Math.min(json.length, at + 1 + below(24));
    switch (below(7)) {
      case 0: {
        const fragment = pick(FRAGMENTS);
        json = json.slice(0, at) + fragment + json.slice(at);
        mutations.push(`insert ${JSON.stringify(fragment)} at ${at}`);
        break;
      }
      case 1:
        json = json.slice(0, at) + json.slice(end);
        mutations.push(`cut ${at} to ${end}`);
        break;
      case 2:
        json = json.slice(0, end) + json.slice(at);
        mutations.push(`repeat ${at} to ${end}`);
        break;
      case 3:
        json = json.replace(/\d+/g, (digits) =>
          random() < 0.2 ? pick(['0', '1', '9007199254740991', `${digits}0`]) : digits,
        );
        mutations.push('other numbers');
        break;
      case 4:
        length = pick(LENGTHS);
        mutations.push(`length ${length}`);
        break;
      case 5:
        fileSize = pick([0, 7, 8, 9, fileSize - 1, fileSize + 1, fileSize * 2, Number.MAX_SAFE_INTEGER]);
        mutations.push(`file size ${fileSize}`);
        break;
      default:
        flips.push({ at: below(json.length), value: below(256) });
        mutations.push('flip a byte');
    }
  }
  const text = new TextEncoder().encode(json);
  const bytes = new Uint8Array(8 + text.length);
  new DataView(bytes.buffer).setBigUint64(0, length ?? BigInt(text.length), true);
  bytes.set(text, 8);
  for (const { at, value } of flips) bytes[8 + (at % Math.max(1, text.length))] = value;
  return { bytes, fileSize, mutations };
}
