import { KernelInstance, KernelMemory } from '@hubfuse/tensors';

/** Equal parts of their range, at most, in which keys are counted before some of them are sorted. */
const PARTS = 1 << 12;
/** Keys of a range up to this spread over its parts; those of a larger one may all lie in a few. */
const NARROW_KEYS = 1 << 24;
/** Keys that are looked at at a time: as many as a core keeps near it. */
const PIECE_KEYS = 1 << 15;

/** Where all keys lie. */
interface KeyExtent {
  low: number;
  high: number;
}

/** Kernels with memory of their own: who selects among keys of many threads has none. */
class KeySelection {
  readonly #kernels: KernelInstance;
  readonly #keys: Uint32Array;
  readonly #counts: Uint32Array;
  readonly #extent: Uint32Array;

  constructor() {
    const memory = new KernelMemory();
    this.#kernels = new KernelInstance(memory, { maximumRows: 1 });
    memory.reserve(4 * (PIECE_KEYS + PARTS) + 4096);
    this.#keys = memory.room32(PIECE_KEYS);
    this.#counts = memory.uint32(PARTS);
    this.#extent = memory.uint32(2);
  }

  extentOf(parts: readonly Uint32Array[]): KeyExtent {
    this.#extent.set([0xffffffff, 0]);
    for (const keys of this.#pieces(parts)) this.#kernels.extentOfKeys(keys, this.#extent);
    const [low = 0, high = 0] = this.#extent;
    return { low, high };
  }

  /** Keys by part of the range; valid until the next call. */
  count(parts: readonly Uint32Array[], range: { low: number; shift: number }): Uint32Array {
    this.#counts.fill(0);
    for (const keys of this.#pieces(parts)) this.#kernels.countKeys(keys, this.#counts, range);
    return this.#counts;
  }

  /** The keys of one part of the range, of which there are `count`. */
  pick(
    parts: readonly Uint32Array[],
    { count, ...range }: { low: number; shift: number; part: number; count: number },
  ): Uint32Array {
    const picked = new Uint32Array(count);
    let to = 0;
    for (const keys of this.#pieces(parts)) {
      const kept = this.#kernels.keepKeys(keys, range);
      picked.set(keys.subarray(0, kept), to);
      to += kept;
      if (to === count) break;
    }
    return picked;
  }

  *#pieces(parts: readonly Uint32Array[]): Generator<Uint32Array> {
    for (const keys of parts) {
      for (let from = 0; from < keys.length; from += PIECE_KEYS) {
        const piece = keys.subarray(from, from + PIECE_KEYS);
        this.#keys.set(piece);
        yield this.#keys.subarray(0, piece.length);
      }
    }
  }
}

let selection: KeySelection | undefined;

/**
 * The key at `position` (from 0) of all keys in ascending order: narrowed to one part of the range, which is sorted.
 * @param range where all of them lie
 */
export function keyAt(parts: readonly Uint32Array[], position: number, range: KeyExtent): number {
  selection ??= new KeySelection();
  const { low, high } = range.high - range.low > NARROW_KEYS ? selection.extentOf(parts) : range;
  // So many low bits that what is left of the keys, from the lowest on, names one of the parts.
  const shift = Math.max(0, 32 - Math.clz32(high - low) - Math.log2(PARTS));
  const counts = selection.count(parts, { low, shift });
  const part = binAt(counts, position) as number;
  let before = 0;
  for (let lower = 0; lower < part; lower++) before += counts[lower] as number;
  const picked = selection.pick(parts, { low, shift, part, count: counts[part] as number });
  return picked.sort()[position - before] as number;
}

/** The bin in which the value at `position` (from 0) lies, or undefined where it lies in none. */
export function binAt(bins: ArrayLike<number>, position: number): number | undefined {
  if (position < 0) return undefined;
  let seen = 0;
  for (let bin = 0; bin < bins.length; bin++) {
    seen += bins[bin] as number;
    if (position < seen) return bin;
  }
  return undefined;
}
