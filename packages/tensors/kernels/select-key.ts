// Finds one of many order keys by its place among them: they are counted by parts of their range, and those of one part are kept.

/** counts[(key - low) >> shift] += 1 for each key; no key is below `low`. */
export function countKeys(keys: usize, n: i32, counts: usize, low: u32, shift: u32): void {
  for (let i: i32 = 0; i < n; i++) {
    const at = counts + (<usize>((load<u32>(keys + (<usize>i << 2)) - low) >> shift) << 2);
    store<u32>(at, load<u32>(at) + 1);
  }
}

/** Brings the keys of one part to the front, in their order; returns how many they are. */
export function keepKeys(keys: usize, n: i32, low: u32, shift: u32, part: u32): i32 {
  let kept: i32 = 0;
  for (let i: i32 = 0; i < n; i++) {
    const key = load<u32>(keys + (<usize>i << 2));
    store<u32>(keys + (<usize>kept << 2), key);
    kept += <i32>((key - low) >> shift == part);
  }
  return kept;
}

/** The least and the greatest of the keys, joined with those at `extent`. */
export function extentOfKeys(keys: usize, n: i32, extent: usize): void {
  let low = load<u32>(extent);
  let high = load<u32>(extent, 4);
  for (let i: i32 = 0; i < n; i++) {
    const key = load<u32>(keys + (<usize>i << 2));
    low = min(low, key);
    high = max(high, key);
  }
  store<u32>(extent, low);
  store<u32>(extent, high, 4);
}
