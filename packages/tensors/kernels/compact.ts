// Moves the lanes of a vector that a mask names to its front, so that a few values out of many end up side by side.

/** For each mask of four lanes the byte order that brings its lanes to the front, in order. */
const ORDERS: usize = memory.data(16 * 16, 16);

/** For each mask of eight lanes the numbers of its lanes in 16 bits each, in order. */
const LANES: usize = memory.data(256 * 16, 16);

for (let mask: i32 = 0; mask < 16; mask++) {
  let to: i32 = 0;
  for (let lane: i32 = 0; lane < 4; lane++) {
    if (((mask >> lane) & 1) == 0) continue;
    for (let byte: i32 = 0; byte < 4; byte++) store<u8>(ORDERS + (mask << 4) + (to << 2) + byte, <u8>((lane << 2) + byte));
    to++;
  }
}
for (let mask: i32 = 0; mask < 256; mask++) {
  let to: i32 = 0;
  for (let lane: i32 = 0; lane < 8; lane++) {
    if (((mask >> lane) & 1) == 0) continue;
    store<u16>(LANES + (mask << 4) + (to << 1), <u16>lane);
    to++;
  }
}

/** The byte order for a mask of four bits; give it to `i8x16.swizzle`. Lanes beyond those of the mask are undefined. */
@inline
export function frontOrder(mask: i32): v128 {
  return v128.load(ORDERS + (<usize>mask << 4));
}

/** The numbers of the lanes of a mask of eight bits, in 16 bits each and in order, then zeros. */
@inline
export function lanesOfEight(mask: i32): v128 {
  return v128.load(LANES + (<usize>mask << 4));
}
