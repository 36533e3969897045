// Histograms of order keys: unsigned integers that sort as the float32 values do. Counting is exact, so order
// statistics found this way need no sort.

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
  // Comparisons of vectors are signed: flipping the top bit of both sides makes them unsigned.
  const flip = i32x4.splat(0x80000000);
  const lowest = v128.xor(i32x4.splat(<i32>low), flip);
  const highest = v128.xor(i32x4.splat(<i32>high), flip);
  const magnitude = i32x4.splat(0x7fffffff);
  let belowLanes = i32x4.splat(0);
  let inside: u32 = load<u32>(counts, 4);
  let i: i32 = 0;
  for (; i + 4 <= n; i += 4) {
    const bits = v128.load(x + (<usize>i << 2));
    const key = absolute ? v128.and(bits, magnitude) : v128.xor(bits, v128.or(i32x4.shr_s(bits, 31), flip));
    const flipped = v128.xor(key, flip);
    const isBelow = i32x4.lt_s(flipped, lowest);
    belowLanes = i32x4.sub(belowLanes, isBelow);
    const isInside = v128.andnot(i32x4.le_s(flipped, highest), isBelow);
    const lanes = i32x4.bitmask(isInside);
    if (lanes != 0 && inside >= capacity) inside += popcnt(lanes);
    else if (lanes != 0) {
      for (let lane: i32 = 0; lane < 4; lane++) {
        if ((lanes >> lane) & 1) {
          const value = absolute
            ? load<u32>(x + (<usize>(i + lane) << 2)) & 0x7fffffff
            : orderKey(load<u32>(x + (<usize>(i + lane) << 2)));
          if (inside < capacity) store<u32>(keys + (<usize>inside << 2), value);
          inside++;
        }
      }
    }
  }
  let below: u32 = <u32>i32x4.extract_lane(belowLanes, 0) + <u32>i32x4.extract_lane(belowLanes, 1);
  below += <u32>i32x4.extract_lane(belowLanes, 2) + <u32>i32x4.extract_lane(belowLanes, 3);
  for (; i < n; i++) {
    const bits = load<u32>(x + (<usize>i << 2));
    const key = absolute ? bits & 0x7fffffff : orderKey(bits);
    if (key < low) below++;
    else if (key <= high) {
      if (inside < capacity) store<u32>(keys + (<usize>inside << 2), key);
      inside++;
    }
  }
  store<u32>(counts, load<u32>(counts) + below);
  store<u32>(counts, inside, 4);
}

@inline
function orderKey(bits: u32): u32 {
  return bits ^ (<u32>(<i32>bits >> 31) | 0x80000000);
}
