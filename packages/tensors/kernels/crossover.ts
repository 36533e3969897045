// Steps of evolutionary merging: which scalars a child takes from its mutant, and the mutant itself.
//
// Random numbers come from Threefry-2x32 with 20 rounds (Salmon et al., Parallel Random Numbers: As Easy as 1, 2, 3,
// 2011), a function of key and counter: any piece of a tensor is drawn without what lies before it. Elements 8g..8g+3
// take the first words of counters 4g..4g+3, elements 8g+4..8g+7 the second words.

/** Skein's key schedule parity for 32-bit words. */
const PARITY: u32 = 0x1bd11bda;
/** Elements that are drawn at a time: three groups of eight, since a round waits for the one before it and the others fill the gap. */
const DRAWN: i32 = 24;
/** Masks of a draw that the row holds in part. */
const spare = memory.data(96, 16);

@inline
function rotate(x: v128, by: i32): v128 {
  return v128.or(i32x4.shl(x, by), i32x4.shr_u(x, 32 - by));
}

/** mask[i] has all bits set where U < limit / 2^32 for the element `offset` + i, none elsewhere. */
export function crossoverMask(mask: usize, n: i32, offset: f64, key0: u32, key1: u32, limit: u32): void {
  const first = <u64>offset;
  const bound = i32x4.splat(<i32>limit);
  for (let i: i32 = -(<i32>(first & 7)); i < n; i += DRAWN) {
    const counter = <u64>((<i64>first + <i64>i) >> 1);
    if (i >= 0 && i + DRAWN <= n) {
      drawMasks(mask + (<usize>i << 2), counter, key0, key1, bound);
      continue;
    }
    drawMasks(spare, counter, key0, key1, bound);
    const end = min(n - i, DRAWN);
    for (let j: i32 = max(0, -i); j < end; j++) {
      store<u32>(mask + (<usize>(i + j) << 2), load<u32>(spare + (<usize>j << 2)));
    }
  }
}

/** The words of a group's counters. A group begins at a multiple of four, so that its counters share the high word. */
@inline
function lowWords(counter: u64, key0: u32): v128 {
  return i32x4.add(i32x4.splat(<i32>(<u32>counter + key0)), i32x4(0, 1, 2, 3));
}

@inline
function highWords(counter: u64, key1: u32): v128 {
  return i32x4.splat(<i32>(<u32>(counter >> 32) + key1));
}

/** The masks of the elements whose counters begin at `counter`. */
function drawMasks(to: usize, counter: u64, key0: u32, key1: u32, bound: v128): void {
  const k2 = PARITY ^ key0 ^ key1;
  let x: v128;
  let y: v128;
  let a = lowWords(counter, key0);
  let b = highWords(counter, key1);
  let c = lowWords(counter + 4, key0);
  let d = highWords(counter + 4, key1);
  let e = lowWords(counter + 8, key0);
  let f = highWords(counter + 8, key1);
  // Unrolled: four rounds with each set of rotations, then the next words of the key.
  a = i32x4.add(a, b); b = v128.xor(rotate(b, 13), a);
  c = i32x4.add(c, d); d = v128.xor(rotate(d, 13), c);
  e = i32x4.add(e, f); f = v128.xor(rotate(f, 13), e);
  a = i32x4.add(a, b); b = v128.xor(rotate(b, 15), a);
  c = i32x4.add(c, d); d = v128.xor(rotate(d, 15), c);
  e = i32x4.add(e, f); f = v128.xor(rotate(f, 15), e);
  a = i32x4.add(a, b); b = v128.xor(rotate(b, 26), a);
  c = i32x4.add(c, d); d = v128.xor(rotate(d, 26), c);
  e = i32x4.add(e, f); f = v128.xor(rotate(f, 26), e);
  a = i32x4.add(a, b); b = v128.xor(rotate(b, 6), a);
  c = i32x4.add(c, d); d = v128.xor(rotate(d, 6), c);
  e = i32x4.add(e, f); f = v128.xor(rotate(f, 6), e);
  x = i32x4.splat(<i32>key1); y = i32x4.splat(<i32>(k2 + 1));
  a = i32x4.add(a, x); b = i32x4.add(b, y);
  c = i32x4.add(c, x); d = i32x4.add(d, y);
  e = i32x4.add(e, x); f = i32x4.add(f, y);
  a = i32x4.add(a, b); b = v128.xor(rotate(b, 17), a);
  c = i32x4.add(c, d); d = v128.xor(rotate(d, 17), c);
  e = i32x4.add(e, f); f = v128.xor(rotate(f, 17), e);
  a = i32x4.add(a, b); b = v128.xor(rotate(b, 29), a);
  c = i32x4.add(c, d); d = v128.xor(rotate(d, 29), c);
  e = i32x4.add(e, f); f = v128.xor(rotate(f, 29), e);
  a = i32x4.add(a, b); b = v128.xor(rotate(b, 16), a);
  c = i32x4.add(c, d); d = v128.xor(rotate(d, 16), c);
  e = i32x4.add(e, f); f = v128.xor(rotate(f, 16), e);
  a = i32x4.add(a, b); b = v128.xor(rotate(b, 24), a);
  c = i32x4.add(c, d); d = v128.xor(rotate(d, 24), c);
  e = i32x4.add(e, f); f = v128.xor(rotate(f, 24), e);
  x = i32x4.splat(<i32>k2); y = i32x4.splat(<i32>(key0 + 2));
  a = i32x4.add(a, x); b = i32x4.add(b, y);
  c = i32x4.add(c, x); d = i32x4.add(d, y);
  e = i32x4.add(e, x); f = i32x4.add(f, y);
  a = i32x4.add(a, b); b = v128.xor(rotate(b, 13), a);
  c = i32x4.add(c, d); d = v128.xor(rotate(d, 13), c);
  e = i32x4.add(e, f); f = v128.xor(rotate(f, 13), e);
  a = i32x4.add(a, b); b = v128.xor(rotate(b, 15), a);
  c = i32x4.add(c, d); d = v128.xor(rotate(d, 15), c);
  e = i32x4.add(e, f); f = v128.xor(rotate(f, 15), e);
  a = i32x4.add(a, b); b = v128.xor(rotate(b, 26), a);
  c = i32x4.add(c, d); d = v128.xor(rotate(d, 26), c);
  e = i32x4.add(e, f); f = v128.xor(rotate(f, 26), e);
  a = i32x4.add(a, b); b = v128.xor(rotate(b, 6), a);
  c = i32x4.add(c, d); d = v128.xor(rotate(d, 6), c);
  e = i32x4.add(e, f); f = v128.xor(rotate(f, 6), e);
  x = i32x4.splat(<i32>key0); y = i32x4.splat(<i32>(key1 + 3));
  a = i32x4.add(a, x); b = i32x4.add(b, y);
  c = i32x4.add(c, x); d = i32x4.add(d, y);
  e = i32x4.add(e, x); f = i32x4.add(f, y);
  a = i32x4.add(a, b); b = v128.xor(rotate(b, 17), a);
  c = i32x4.add(c, d); d = v128.xor(rotate(d, 17), c);
  e = i32x4.add(e, f); f = v128.xor(rotate(f, 17), e);
  a = i32x4.add(a, b); b = v128.xor(rotate(b, 29), a);
  c = i32x4.add(c, d); d = v128.xor(rotate(d, 29), c);
  e = i32x4.add(e, f); f = v128.xor(rotate(f, 29), e);
  a = i32x4.add(a, b); b = v128.xor(rotate(b, 16), a);
  c = i32x4.add(c, d); d = v128.xor(rotate(d, 16), c);
  e = i32x4.add(e, f); f = v128.xor(rotate(f, 16), e);
  a = i32x4.add(a, b); b = v128.xor(rotate(b, 24), a);
  c = i32x4.add(c, d); d = v128.xor(rotate(d, 24), c);
  e = i32x4.add(e, f); f = v128.xor(rotate(f, 24), e);
  x = i32x4.splat(<i32>key1); y = i32x4.splat(<i32>(k2 + 4));
  a = i32x4.add(a, x); b = i32x4.add(b, y);
  c = i32x4.add(c, x); d = i32x4.add(d, y);
  e = i32x4.add(e, x); f = i32x4.add(f, y);
  a = i32x4.add(a, b); b = v128.xor(rotate(b, 13), a);
  c = i32x4.add(c, d); d = v128.xor(rotate(d, 13), c);
  e = i32x4.add(e, f); f = v128.xor(rotate(f, 13), e);
  a = i32x4.add(a, b); b = v128.xor(rotate(b, 15), a);
  c = i32x4.add(c, d); d = v128.xor(rotate(d, 15), c);
  e = i32x4.add(e, f); f = v128.xor(rotate(f, 15), e);
  a = i32x4.add(a, b); b = v128.xor(rotate(b, 26), a);
  c = i32x4.add(c, d); d = v128.xor(rotate(d, 26), c);
  e = i32x4.add(e, f); f = v128.xor(rotate(f, 26), e);
  a = i32x4.add(a, b); b = v128.xor(rotate(b, 6), a);
  c = i32x4.add(c, d); d = v128.xor(rotate(d, 6), c);
  e = i32x4.add(e, f); f = v128.xor(rotate(f, 6), e);
  x = i32x4.splat(<i32>k2); y = i32x4.splat(<i32>(key0 + 5));
  a = i32x4.add(a, x); b = i32x4.add(b, y);
  c = i32x4.add(c, x); d = i32x4.add(d, y);
  e = i32x4.add(e, x); f = i32x4.add(f, y);
  v128.store(to, i32x4.lt_u(a, bound));
  v128.store(to, i32x4.lt_u(b, bound), 16);
  v128.store(to, i32x4.lt_u(c, bound), 32);
  v128.store(to, i32x4.lt_u(d, bound), 48);
  v128.store(to, i32x4.lt_u(e, bound), 64);
  v128.store(to, i32x4.lt_u(f, bound), 80);
}

@inline
function promoteHigh(x: v128): v128 {
  return f64x2.promote_low_f32x4(i32x4.shuffle(x, x, 2, 3, 2, 3));
}

@inline
function demotePair(low: v128, high: v128): v128 {
  return i32x4.shuffle(f32x4.demote_f64x2_zero(low), f32x4.demote_f64x2_zero(high), 0, 1, 4, 5);
}

/** out[i] = parent[i] + scale (first[i] - second[i]) where the mask is set, in float64 and rounded once; else parent[i]. */
export function differentialChild(
  out: usize,
  parent: usize,
  first: usize,
  second: usize,
  mask: usize,
  n: i32,
  scale: f64,
): void {
  const f = f64x2.splat(scale);
  for (let i: i32 = 0; i < n; i += 4) {
    const o = <usize>i << 2;
    const x = v128.load(parent + o);
    const y = v128.load(first + o);
    const z = v128.load(second + o);
    const low = f64x2.add(
      f64x2.promote_low_f32x4(x),
      f64x2.mul(f, f64x2.sub(f64x2.promote_low_f32x4(y), f64x2.promote_low_f32x4(z))),
    );
    const high = f64x2.add(promoteHigh(x), f64x2.mul(f, f64x2.sub(promoteHigh(y), promoteHigh(z))));
    v128.store(out + o, v128.bitselect(demotePair(low, high), x, v128.load(mask + o)));
  }
}

/** out[i] = (1 - scale) parent[i] + scale reference[i] where the mask is set, in float64 and rounded once; else parent[i]. */
export function blendedChild(out: usize, parent: usize, reference: usize, mask: usize, n: i32, scale: f64): void {
  const f = f64x2.splat(scale);
  const g = f64x2.splat(1 - scale);
  for (let i: i32 = 0; i < n; i += 4) {
    const o = <usize>i << 2;
    const x = v128.load(parent + o);
    const y = v128.load(reference + o);
    const low = f64x2.add(f64x2.mul(g, f64x2.promote_low_f32x4(x)), f64x2.mul(f, f64x2.promote_low_f32x4(y)));
    const high = f64x2.add(f64x2.mul(g, promoteHigh(x)), f64x2.mul(f, promoteHigh(y)));
    v128.store(out + o, v128.bitselect(demotePair(low, high), x, v128.load(mask + o)));
  }
}
