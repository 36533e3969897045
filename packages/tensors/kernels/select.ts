// Histograms of order keys: unsigned integers that sort as the float32 values do. Counting is exact, so order
// statistics found this way need no sort.
import { frontOrder } from "./compact";
import { valueAt, valuesAt } from "./stored";

/** Counts keys of a window; returns how many lie below it. With `absolute` the key is that of |x|. */
export function histogram(x: usize, n: i32, bins: usize, binCount: u32, low: u32, shift: u32, absolute: bool): u32 {
  let below: u32 = 0;
  if (absolute) {
    for (let i: i32 = 0; i < n; i++) {
      const key = load<u32>(x + (<usize>i << 2)) & 0x7fffffff;
      if (key < low) below++;
      else {
        const bin = (key - low) >> shift;
        if (bin < binCount) {
          const at = bins + (<usize>bin << 2);
          store<u32>(at, load<u32>(at) + 1);
        }
      }
    }
    return below;
  }
  for (let i: i32 = 0; i < n; i++) {
    const bits = load<u32>(x + (<usize>i << 2));
    const key = orderKey(bits);
    if (key < low) below++;
    else {
      const bin = (key - low) >> shift;
      if (bin < binCount) {
        const at = bins + (<usize>bin << 2);
        store<u32>(at, load<u32>(at) + 1);
      }
    }
  }
  return below;
}

/**
 * Appends the order keys in [low, high] to `keys` (at most `capacity`; more are counted but not stored) and counts the
 * keys below `low`. counts[0] is increased by the keys below, counts[1] by the keys inside.
 */
export function collect(
  x: usize, n: i32, keys: usize, capacity: u32, low: u32, high: u32, absolute: bool, counts: usize,
): void {
  if (capacity == 0) {
    if (absolute) countLoop(x, n, low, high, true, counts);
    else countLoop(x, n, low, high, false, counts);
  } else if (absolute) collectLoop(x, n, keys, capacity, low, high, true, counts);
  else collectLoop(x, n, keys, capacity, low, high, false, counts);
}

/** Magnitudes of the last differences of a row, fewer than 16. */
const DISTANCES: usize = memory.data(64, 16);
/** Numbers of one range in a table of ranges, 4 bytes each: keys, capacity, low, high, counts. */
const RANGE_BYTES: usize = 20;

/**
 * `collect` of the magnitudes |x - y| for several ranges at once: no difference is written down. `ranges` points to a table of them.
 */
export function collectDistances(x: usize, y: usize, n: i32, ranges: usize, count: i32): void {
  const done = count == 1 ? collectOneRange(x, y, n, ranges, false) : collectRanges(x, y, n, ranges, count, false);
  collectRest(x, y, done, n, ranges, count, false);
}

/** The same for bfloat16 values, which are widened on the way. */
export function collectDistancesBfloat16(x: usize, y: usize, n: i32, ranges: usize, count: i32): void {
  const done = count == 1 ? collectOneRange(x, y, n, ranges, true) : collectRanges(x, y, n, ranges, count, true);
  collectRest(x, y, done, n, ranges, count, true);
}

/** Four of the distances, from element `i` on. */
@inline
function distance(x: usize, y: usize, i: i32, half: bool): v128 {
  return v128.and(f32x4.sub(valuesAt(x, i, half), valuesAt(y, i, half)), i32x4.splat(0x7fffffff));
}

@inline
function collectRest(x: usize, y: usize, done: i32, n: i32, ranges: usize, count: i32, half: bool): void {
  const rest = n - done;
  if (rest == 0) return;
  for (let k: i32 = 0; k < rest; k++) {
    store<f32>(DISTANCES + (<usize>k << 2), abs<f32>(valueAt(x, done + k, half) - valueAt(y, done + k, half)));
  }
  for (let r: i32 = 0; r < count; r++) collectInto(ranges + <usize>r * RANGE_BYTES, rest);
}

function collectInto(range: usize, n: i32): void {
  const keys = <usize>load<u32>(range);
  collect(DISTANCES, n, keys, load<u32>(range, 4), load<u32>(range, 8), load<u32>(range, 12), true, <usize>load<u32>(range, 16));
}

/** Groups of four vectors on either side of the range need not be rare: what lies below is counted without a branch. */
@inline
function collectOneRange(x: usize, y: usize, n: i32, range: usize, half: bool): i32 {
  const keys = <usize>load<u32>(range);
  const capacity = load<u32>(range, 4);
  const low = v128.load32_splat(range, 8);
  const high = v128.load32_splat(range, 12);
  const counts = <usize>load<u32>(range, 16);
  let belowLanes = i32x4.splat(0);
  let inside = load<u32>(counts, 4);
  let i: i32 = 0;
  for (; i + 16 <= n; i += 16) {
    const a = distance(x, y, i, half);
    const b = distance(x, y, i + 4, half);
    const c = distance(x, y, i + 8, half);
    const d = distance(x, y, i + 12, half);
    // The bits of magnitudes order as signed numbers do.
    const belowA = i32x4.lt_s(a, low);
    const belowB = i32x4.lt_s(b, low);
    const belowC = i32x4.lt_s(c, low);
    const belowD = i32x4.lt_s(d, low);
    belowLanes = i32x4.add(belowLanes, i32x4.add(i32x4.add(belowA, belowB), i32x4.add(belowC, belowD)));
    const outsideA = v128.or(belowA, i32x4.gt_s(a, high));
    const outsideB = v128.or(belowB, i32x4.gt_s(b, high));
    const outsideC = v128.or(belowC, i32x4.gt_s(c, high));
    const outsideD = v128.or(belowD, i32x4.gt_s(d, high));
    if (isEverywhere(v128.and(v128.and(outsideA, outsideB), v128.and(outsideC, outsideD)))) continue;
    inside = append(a, outsideA, keys, inside, capacity);
    inside = append(b, outsideB, keys, inside, capacity);
    inside = append(c, outsideC, keys, inside, capacity);
    inside = append(d, outsideD, keys, inside, capacity);
  }
  // A lane that is true is -1.
  store<u32>(counts, load<u32>(counts) - sumOfLanes(belowLanes));
  store<u32>(counts, inside, 4);
  return i;
}

/** Of several ranges most lie near an end of the values: most groups of four vectors lie wholly below one or above it. */
@inline
function collectRanges(x: usize, y: usize, n: i32, ranges: usize, count: i32, half: bool): i32 {
  let i: i32 = 0;
  for (; i + 16 <= n; i += 16) {
    const a = distance(x, y, i, half);
    const b = distance(x, y, i + 4, half);
    const c = distance(x, y, i + 8, half);
    const d = distance(x, y, i + 12, half);
    const largest = i32x4.max_s(i32x4.max_s(a, b), i32x4.max_s(c, d));
    const smallest = i32x4.min_s(i32x4.min_s(a, b), i32x4.min_s(c, d));
    for (let r: i32 = 0; r < count; r++) {
      const range = ranges + <usize>r * RANGE_BYTES;
      if (isEverywhere(i32x4.lt_s(largest, v128.load32_splat(range, 8)))) {
        const counts = <usize>load<u32>(range, 16);
        store<u32>(counts, load<u32>(counts) + 16);
      } else if (!isEverywhere(i32x4.gt_s(smallest, v128.load32_splat(range, 12)))) {
        collectVectors(range, a, b, c, d);
      }
    }
  }
  return i;
}

/** Collects magnitudes, of which some lie in the range or on both sides of its lower end. */
function collectVectors(range: usize, a: v128, b: v128, c: v128, d: v128): void {
  const keys = <usize>load<u32>(range);
  const capacity = load<u32>(range, 4);
  const low = v128.load32_splat(range, 8);
  const high = v128.load32_splat(range, 12);
  const counts = <usize>load<u32>(range, 16);
  const belowA = i32x4.lt_s(a, low);
  const belowB = i32x4.lt_s(b, low);
  const belowC = i32x4.lt_s(c, low);
  const belowD = i32x4.lt_s(d, low);
  const below = i32x4.add(i32x4.add(belowA, belowB), i32x4.add(belowC, belowD));
  store<u32>(counts, load<u32>(counts) - sumOfLanes(below));
  let inside = load<u32>(counts, 4);
  inside = append(a, v128.or(belowA, i32x4.gt_s(a, high)), keys, inside, capacity);
  inside = append(b, v128.or(belowB, i32x4.gt_s(b, high)), keys, inside, capacity);
  inside = append(c, v128.or(belowC, i32x4.gt_s(c, high)), keys, inside, capacity);
  inside = append(d, v128.or(belowD, i32x4.gt_s(d, high)), keys, inside, capacity);
  store<u32>(counts, inside, 4);
}

/** Comparisons of vectors are signed: with the top bit of both sides flipped they order the unsigned keys. */
const FLIP: u32 = 0x80000000;

/** Order keys with the top bit flipped. */
@inline
function flippedKeys(bits: v128, absolute: bool): v128 {
  if (absolute) return v128.or(bits, i32x4.splat(FLIP));
  return v128.xor(bits, i32x4.shr_u(i32x4.shr_s(bits, 31), 1));
}

/** Counts alone, without a branch: for ranges that hold many keys. Inlined with a constant `absolute`. */
@inline
function countLoop(x: usize, n: i32, low: u32, high: u32, absolute: bool, counts: usize): void {
  const lowest = i32x4.splat(<i32>(low ^ FLIP));
  const highest = i32x4.splat(<i32>(high ^ FLIP));
  let belowLanes = i32x4.splat(0);
  let aboveLanes = i32x4.splat(0);
  let i: i32 = 0;
  for (; i + 4 <= n; i += 4) {
    const key = flippedKeys(v128.load(x + (<usize>i << 2)), absolute);
    belowLanes = i32x4.sub(belowLanes, i32x4.gt_s(lowest, key));
    aboveLanes = i32x4.sub(aboveLanes, i32x4.gt_s(key, highest));
  }
  let below = sumOfLanes(belowLanes);
  let inside = <u32>i - below - sumOfLanes(aboveLanes);
  for (; i < n; i++) {
    const key = keyOf(load<u32>(x + (<usize>i << 2)), absolute);
    if (key < low) below++;
    else if (key <= high) inside++;
  }
  store<u32>(counts, load<u32>(counts) + below);
  store<u32>(counts, load<u32>(counts, 4) + inside, 4);
}

@inline
function sumOfLanes(v: v128): u32 {
  const low = <u32>i32x4.extract_lane(v, 0) + <u32>i32x4.extract_lane(v, 1);
  return low + <u32>i32x4.extract_lane(v, 2) + <u32>i32x4.extract_lane(v, 3);
}

@inline
function keyOf(bits: u32, absolute: bool): u32 {
  return absolute ? bits & 0x7fffffff : orderKey(bits);
}

/**
 * Inlined with a constant `absolute`. Most groups of four vectors hold no key of the range, and for a range near the top
 * most hold none that is not below it: a test passes either.
 */
@inline
function collectLoop(
  x: usize, n: i32, keys: usize, capacity: u32, low: u32, high: u32, absolute: bool, counts: usize,
): void {
  const lowest = i32x4.splat(<i32>(low ^ FLIP));
  const highest = i32x4.splat(<i32>(high ^ FLIP));
  let belowLanes = i32x4.splat(0);
  let below: u32 = 0;
  let inside: u32 = load<u32>(counts, 4);
  let i: i32 = 0;
  for (; i + 16 <= n; i += 16) {
    const at = x + (<usize>i << 2);
    const a = flippedKeys(v128.load(at), absolute);
    const b = flippedKeys(v128.load(at, 16), absolute);
    const c = flippedKeys(v128.load(at, 32), absolute);
    const d = flippedKeys(v128.load(at, 48), absolute);
    const belowA = i32x4.gt_s(lowest, a);
    const belowB = i32x4.gt_s(lowest, b);
    const belowC = i32x4.gt_s(lowest, c);
    const belowD = i32x4.gt_s(lowest, d);
    if (isEverywhere(v128.and(v128.and(belowA, belowB), v128.and(belowC, belowD)))) {
      below += 16;
      continue;
    }
    belowLanes = i32x4.add(belowLanes, i32x4.add(i32x4.add(belowA, belowB), i32x4.add(belowC, belowD)));
    const outsideA = v128.or(belowA, i32x4.gt_s(a, highest));
    const outsideB = v128.or(belowB, i32x4.gt_s(b, highest));
    const outsideC = v128.or(belowC, i32x4.gt_s(c, highest));
    const outsideD = v128.or(belowD, i32x4.gt_s(d, highest));
    const outside = v128.and(v128.and(outsideA, outsideB), v128.and(outsideC, outsideD));
    if (isEverywhere(outside)) continue;
    const flip = i32x4.splat(FLIP);
    inside = append(v128.xor(a, flip), outsideA, keys, inside, capacity);
    inside = append(v128.xor(b, flip), outsideB, keys, inside, capacity);
    inside = append(v128.xor(c, flip), outsideC, keys, inside, capacity);
    inside = append(v128.xor(d, flip), outsideD, keys, inside, capacity);
  }
  for (; i < n; i++) {
    const key = keyOf(load<u32>(x + (<usize>i << 2)), absolute);
    if (key < low) below++;
    else if (key <= high) {
      if (inside < capacity) store<u32>(keys + (<usize>inside << 2), key);
      inside++;
    }
  }
  // A lane that is true is -1.
  below -= sumOfLanes(belowLanes);
  store<u32>(counts, load<u32>(counts) + below);
  store<u32>(counts, inside, 4);
}

/** Whether a mask of comparisons is true in all lanes. */
@inline
function isEverywhere(mask: v128): bool {
  return i32x4.bitmask(mask) == 15;
}

/** Stores the keys of the lanes that are not outside behind the `inside` that stand already; returns how many stand now. */
@inline
function append(key: v128, outside: v128, keys: usize, inside: u32, capacity: u32): u32 {
  const lanes = i32x4.bitmask(outside) ^ 15;
  if (inside + 4 <= capacity) v128.store(keys + (<usize>inside << 2), i8x16.swizzle(key, frontOrder(lanes)));
  else if (inside < capacity) storeWhereRoom(key, lanes, keys, inside, capacity);
  return inside + popcnt(lanes);
}

function storeWhereRoom(key: v128, lanes: i32, keys: usize, inside: u32, capacity: u32): void {
  const front = i8x16.swizzle(key, frontOrder(lanes));
  const count = <u32>popcnt(lanes);
  if (count > 0 && inside < capacity) store<u32>(keys + (<usize>inside << 2), i32x4.extract_lane(front, 0));
  if (count > 1 && inside + 1 < capacity) store<u32>(keys + (<usize>inside << 2), i32x4.extract_lane(front, 1), 4);
  if (count > 2 && inside + 2 < capacity) store<u32>(keys + (<usize>inside << 2), i32x4.extract_lane(front, 2), 8);
  if (count > 3 && inside + 3 < capacity) store<u32>(keys + (<usize>inside << 2), i32x4.extract_lane(front, 3), 12);
}

@inline
function orderKey(bits: u32): u32 {
  return bits ^ (<u32>(<i32>bits >> 31) | 0x80000000);
}
