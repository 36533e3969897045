// Steps of evolutionary merging: which scalars a child takes from its mutant, and the mutant itself.
//
// Random numbers come from Threefry-2x32 with 20 rounds (Salmon et al., Parallel Random Numbers: As Easy as 1, 2, 3,
// 2011), a function of key and counter: any piece of a tensor is drawn without what lies before it. Elements 8g..8g+3
// take the first words of counters 4g..4g+3, elements 8g+4..8g+7 the second words.

/** Skein's key schedule parity for 32-bit words. */
const PARITY: u32 = 0x1bd11bda;
/** Bytes of one group of eight masks, for groups that the row holds in part. */
const group = memory.data(32, 16);

@inline
function rotate(x: v128, by: i32): v128 {
  return v128.or(i32x4.shl(x, by), i32x4.shr_u(x, 32 - by));
}

/** mask[i] has all bits set where U < limit / 2^32 for the element `offset` + i, none elsewhere. */
export function crossoverMask(mask: usize, n: i32, offset: f64, key0: u32, key1: u32, limit: u32): void {
  const first = <u64>offset;
  const k2 = PARITY ^ key0 ^ key1;
  const bound = i32x4.splat(<i32>limit);
  const steps = i32x4(0, 1, 2, 3);
  let x: v128;
  let y: v128;
  let i: i32 = -(<i32>(first & 7));
  if (i < 0) {
    maskGroup(mask, i, n, first, key0, key1, k2, bound);
    i += 8;
  }
  // Three groups at a time: a round waits for the one before it, and the other groups' rounds fill the gap. Their counters
  // must share the high word.
  for (; i + 24 <= n; i += 24) {
    const counter = <u64>((<i64>first + <i64>i) >> 1);
    const last = counter + 11;
    if (<u32>(counter >> 32) != <u32>(last >> 32)) break;
    const from = i32x4.add(i32x4.splat(<i32>(<u32>counter + key0)), steps);
    const high = i32x4.splat(<i32>(<u32>(counter >> 32) + key1));
    let a = from;
    let b = high;
    let c = i32x4.add(from, i32x4.splat(4));
    let d = high;
    let e = i32x4.add(from, i32x4.splat(8));
    let f = high;
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
    const to = mask + (<usize>i << 2);
    v128.store(to, i32x4.lt_u(a, bound));
    v128.store(to, i32x4.lt_u(b, bound), 16);
    v128.store(to, i32x4.lt_u(c, bound), 32);
    v128.store(to, i32x4.lt_u(d, bound), 48);
    v128.store(to, i32x4.lt_u(e, bound), 64);
    v128.store(to, i32x4.lt_u(f, bound), 80);
  }
  for (; i < n; i += 8) maskGroup(mask, i, n, first, key0, key1, k2, bound);
}

/** The masks of one group of eight elements, of which the row may hold a part. */
function maskGroup(
  mask: usize, i: i32, n: i32, first: u64, key0: u32, key1: u32, k2: u32, bound: v128,
): void {
  const counter = <u64>((<i64>first + <i64>i) >> 1);
  let a = i32x4.add(i32x4.splat(<i32>(<u32>counter + key0)), i32x4(0, 1, 2, 3));
  let b = i32x4.splat(<i32>(<u32>(counter >> 32) + key1));
  let x: v128;
  let y: v128;
  a = i32x4.add(a, b); b = v128.xor(rotate(b, 13), a);
  a = i32x4.add(a, b); b = v128.xor(rotate(b, 15), a);
  a = i32x4.add(a, b); b = v128.xor(rotate(b, 26), a);
  a = i32x4.add(a, b); b = v128.xor(rotate(b, 6), a);
  x = i32x4.splat(<i32>key1); y = i32x4.splat(<i32>(k2 + 1));
  a = i32x4.add(a, x); b = i32x4.add(b, y);
  a = i32x4.add(a, b); b = v128.xor(rotate(b, 17), a);
  a = i32x4.add(a, b); b = v128.xor(rotate(b, 29), a);
  a = i32x4.add(a, b); b = v128.xor(rotate(b, 16), a);
  a = i32x4.add(a, b); b = v128.xor(rotate(b, 24), a);
  x = i32x4.splat(<i32>k2); y = i32x4.splat(<i32>(key0 + 2));
  a = i32x4.add(a, x); b = i32x4.add(b, y);
  a = i32x4.add(a, b); b = v128.xor(rotate(b, 13), a);
  a = i32x4.add(a, b); b = v128.xor(rotate(b, 15), a);
  a = i32x4.add(a, b); b = v128.xor(rotate(b, 26), a);
  a = i32x4.add(a, b); b = v128.xor(rotate(b, 6), a);
  x = i32x4.splat(<i32>key0); y = i32x4.splat(<i32>(key1 + 3));
  a = i32x4.add(a, x); b = i32x4.add(b, y);
  a = i32x4.add(a, b); b = v128.xor(rotate(b, 17), a);
  a = i32x4.add(a, b); b = v128.xor(rotate(b, 29), a);
  a = i32x4.add(a, b); b = v128.xor(rotate(b, 16), a);
  a = i32x4.add(a, b); b = v128.xor(rotate(b, 24), a);
  x = i32x4.splat(<i32>key1); y = i32x4.splat(<i32>(k2 + 4));
  a = i32x4.add(a, x); b = i32x4.add(b, y);
  a = i32x4.add(a, b); b = v128.xor(rotate(b, 13), a);
  a = i32x4.add(a, b); b = v128.xor(rotate(b, 15), a);
  a = i32x4.add(a, b); b = v128.xor(rotate(b, 26), a);
  a = i32x4.add(a, b); b = v128.xor(rotate(b, 6), a);
  x = i32x4.splat(<i32>k2); y = i32x4.splat(<i32>(key0 + 5));
  a = i32x4.add(a, x); b = i32x4.add(b, y);
  const low = i32x4.lt_u(a, bound);
  const high = i32x4.lt_u(b, bound);
  if (i >= 0 && i + 8 <= n) {
    v128.store(mask + (<usize>i << 2), low);
    v128.store(mask + (<usize>i << 2), high, 16);
    return;
  }
  v128.store(group, low);
  v128.store(group, high, 16);
  for (let j: i32 = 0; j < 8; j++) {
    const at = i + j;
    if (at >= 0 && at < n) store<u32>(mask + (<usize>at << 2), load<u32>(group + (<usize>j << 2)));
  }
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
