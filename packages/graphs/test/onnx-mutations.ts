/** A sequence of numbers in [0, 1) that depends on the seed alone (mulberry32). */
function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Tags, lengths and numbers that decide how a protobuf message is read. */
const FRAGMENTS: readonly (readonly number[])[] = [
  [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
  [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
  [0x80, 0x80, 0x80, 0x80, 0x10],
  [0xff, 0xff, 0xff, 0xff, 0x0f],
  [0x00],
  [0x03],
  [0x0b],
  [0x3a],
  [0x3a, 0x00],
  [0x2a, 0x7f],
  [0x4a, 0xff, 0xff, 0xff, 0xff, 0x07],
  [0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f],
  [0x70, 0x01],
];

/** One to four damages to a file, each chosen by the seed alone. `mutations` says what was done. */
export function mutateOnnx(valid: Uint8Array, seed: number): { bytes: Uint8Array; mutations: string[] } {
  const random = randomNumbers(seed);
  const below = (limit: number): number => Math.floor(random() * limit);
  const mutations: string[] = [];
  let bytes = valid;
  for (let count = 1 + below(4); count > 0; count--) {
    const at = below(bytes.length + 1);
    const kind = below(6);
    mutations.push(`kind ${kind} at ${at}`);
    if (kind === 0) {
      bytes = bytes.slice();
      if (at < bytes.length) bytes[at] = (bytes[at] ?? 0) ^ (1 << below(8));
    } else if (kind === 1) {
      bytes = bytes.slice();
      if (at < bytes.length) bytes[at] = below(256);
    } else if (kind === 2) {
      bytes = bytes.slice(0, at);
    } else if (kind === 3) {
      bytes = joined(bytes.subarray(0, at), FRAGMENTS[below(FRAGMENTS.length)] ?? [], bytes.subarray(at));
    } else if (kind === 4) {
      const end = Math.min(bytes.length, at + below(40));
      bytes = joined(bytes.subarray(0, at), bytes.subarray(end));
    } else {
      const end = Math.min(bytes.length, at + below(400));
      bytes = joined(bytes.subarray(0, end), bytes.subarray(at));
    }
  }
  return { bytes, mutations };
}

function joined(...parts: (Uint8Array | readonly number[])[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}
