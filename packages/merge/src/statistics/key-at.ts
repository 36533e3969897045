/** Equal parts of their range in which keys are counted before some of them are sorted. */
const SELECTION_PARTS = 1 << 12;
/** Keys of a range up to this spread over its parts; those of a larger one may all lie in a few. */
const NARROW_KEYS = 1 << 24;

/**
 * The key at `position` (from 0) of all keys in ascending order: narrowed to one part of the range, which is sorted. Millions of keys:
 * loops over indices, since iterators of typed arrays are slow until they are compiled.
 * @param range where all of them lie
 */
export function keyAt(parts: readonly Uint32Array[], position: number, range: { low: number; high: number }): number {
  const { low, high } = range.high - range.low > NARROW_KEYS ? extentOf(parts) : range;
  const scale = SELECTION_PARTS / (high - low + 1);
  const counts = new Uint32Array(SELECTION_PARTS);
  for (const keys of parts) {
    for (let i = 0; i < keys.length; i++) {
      const part = Math.floor(((keys[i] as number) - low) * scale);
      counts[part] = (counts[part] as number) + 1;
    }
  }
  const wanted = binAt(counts, position) as number;
  let before = 0;
  for (let part = 0; part < wanted; part++) before += counts[part] as number;
  const candidates = new Uint32Array(counts[wanted] as number);
  let to = 0;
  for (const keys of parts) {
    for (let i = 0; i < keys.length && to < candidates.length; i++) {
      const key = keys[i] as number;
      if (Math.floor((key - low) * scale) === wanted) candidates[to++] = key;
    }
  }
  return candidates.sort()[position - before] as number;
}

function extentOf(parts: readonly Uint32Array[]): { low: number; high: number } {
  let low = 0xffffffff;
  let high = 0;
  for (const keys of parts) {
    for (let i = 0; i < keys.length; i++) {
      const key = keys[i] as number;
      if (key < low) low = key;
      if (key > high) high = key;
    }
  }
  return { low, high };
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
