// Kernels over several rows at once. `rows` points to a table of row addresses (32-bit), `weights` to float32 weights.
import { doubles, lowerDoubles, rounded, upperDoubles } from "./doubles";
import { valuesAt } from "./stored";

@inline
function row(rows: usize, j: i32): usize {
  return <usize>load<u32>(rows + (<usize>j << 2));
}

@inline
function weight(weights: usize, j: i32): v128 {
  return v128.load32_splat(weights + (<usize>j << 2));
}

/**
 * out = sum of weight * row, rows in order, in float64 and rounded once: sums of 16-bit values with decimal weights fall
 * exactly between two 16-bit values often enough that float32 weights would decide many roundings wrongly. `weights`
 * are float64 here.
 */
export function weightedSum(out: usize, rows: usize, weights: usize, count: i32, n: i32): void {
  sumLoop(out, 0, rows, weights, count, n, false, false);
}

/** The same for rows of bfloat16. */
export function weightedSumBfloat16(out: usize, rows: usize, weights: usize, count: i32, n: i32): void {
  sumLoop(out, 0, rows, weights, count, n, true, false);
}

/** out = base + sum of weight * (row - base): differences and their sum are rounded to float32 on the way. */
export function addTaskVectors(out: usize, base: usize, rows: usize, weights: usize, count: i32, n: i32): void {
  sumLoop(out, base, rows, weights, count, n, false, true);
}

/** The same for a base and rows of bfloat16. */
export function addTaskVectorsBfloat16(out: usize, base: usize, rows: usize, weights: usize, count: i32, n: i32): void {
  sumLoop(out, base, rows, weights, count, n, true, true);
}

/** Four values of a row, or what they differ from those of the base by. */
@inline
function term(x: usize, i: i32, start: v128, half: bool, moved: bool): v128 {
  const values = valuesAt(x, i, half);
  return moved ? f32x4.sub(values, start) : values;
}

/** The first two of four terms in float64. Where they are values as they stand in memory, loading widens them on the way. */
@inline
function lower(terms: v128, at: usize, plain: bool): v128 {
  return plain ? doubles(at) : lowerDoubles(terms);
}

/** The last two. */
@inline
function upper(terms: v128, at: usize, plain: bool): v128 {
  return plain ? doubles(at + 8) : upperDoubles(terms);
}

/** Inlined with constants for `half` and `moved`. Two vectors at a time share the look-ups of a row's address and weight. */
@inline
function sumLoop(
  out: usize, base: usize, rows: usize, weights: usize, count: i32, n: i32, half: bool, moved: bool,
): void {
  const nothing = f32x4.splat(0);
  const plain = !half && !moved;
  let i: i32 = 0;
  for (; i + 8 <= n; i += 8) {
    const o = <usize>i << 2;
    const start = moved ? valuesAt(base, i, half) : nothing;
    const next = moved ? valuesAt(base, i + 4, half) : nothing;
    let x = row(rows, 0);
    let w = v128.load64_splat(weights);
    let u = term(x, i, start, half, moved);
    let v = term(x, i + 4, next, half, moved);
    let a = f64x2.mul(lower(u, x + o, plain), w);
    let b = f64x2.mul(upper(u, x + o, plain), w);
    let c = f64x2.mul(lower(v, x + o + 16, plain), w);
    let d = f64x2.mul(upper(v, x + o + 16, plain), w);
    for (let j: i32 = 1; j < count; j++) {
      x = row(rows, j);
      w = v128.load64_splat(weights + (<usize>j << 3));
      u = term(x, i, start, half, moved);
      v = term(x, i + 4, next, half, moved);
      a = f64x2.add(a, f64x2.mul(lower(u, x + o, plain), w));
      b = f64x2.add(b, f64x2.mul(upper(u, x + o, plain), w));
      c = f64x2.add(c, f64x2.mul(lower(v, x + o + 16, plain), w));
      d = f64x2.add(d, f64x2.mul(upper(v, x + o + 16, plain), w));
    }
    v128.store(out + o, moved ? f32x4.add(rounded(a, b), start) : rounded(a, b));
    v128.store(out + o, moved ? f32x4.add(rounded(c, d), next) : rounded(c, d), 16);
  }
  for (; i < n; i += 4) {
    const start = moved ? valuesAt(base, i, half) : nothing;
    let w = v128.load64_splat(weights);
    let u = term(row(rows, 0), i, start, half, moved);
    let a = f64x2.mul(lowerDoubles(u), w);
    let b = f64x2.mul(upperDoubles(u), w);
    for (let j: i32 = 1; j < count; j++) {
      w = v128.load64_splat(weights + (<usize>j << 3));
      u = term(row(rows, j), i, start, half, moved);
      a = f64x2.add(a, f64x2.mul(lowerDoubles(u), w));
      b = f64x2.add(b, f64x2.mul(upperDoubles(u), w));
    }
    v128.store(out + (<usize>i << 2), moved ? f32x4.add(rounded(a, b), start) : rounded(a, b));
  }
}

/**
 * Sign consensus (TIES): the elected sign is that of the weighted sum, `zero` (+1, -1 or 0) where the sum is zero;
 * rows that disagree or are zero do not count. mode 0: sum of weight * row; 1: that over the sum of the weights that
 * count (1 where it is zero); 2: the largest magnitude, signed.
 */
export function elect(out: usize, rows: usize, weights: usize, count: i32, n: i32, mode: i32, zero: f32): void {
  if (mode == 0) electLoop(out, rows, weights, count, n, 0, zero);
  else if (mode == 1) electLoop(out, rows, weights, count, n, 1, zero);
  else electLoop(out, rows, weights, count, n, 2, zero);
}

/** Inlined with a constant mode, so that the inner loop has no branch on it. */
@inline
function electLoop(out: usize, rows: usize, weights: usize, count: i32, n: i32, mode: i32, zero: f32): void {
  const nothing = f32x4.splat(0);
  const one = f32x4.splat(1);
  const forZero = f32x4.splat(zero);
  for (let i: i32 = 0; i < n; i += 4) {
    const o = <usize>i << 2;
    let total = nothing;
    for (let j: i32 = 0; j < count; j++) {
      total = f32x4.add(total, f32x4.mul(v128.load(row(rows, j) + o), weight(weights, j)));
    }
    const elected = v128.bitselect(forZero, total, f32x4.eq(total, nothing));
    const isElected = f32x4.ne(elected, nothing);
    let kept = nothing;
    let divisor = nothing;
    for (let j: i32 = 0; j < count; j++) {
      const w = weight(weights, j);
      const x = f32x4.mul(v128.load(row(rows, j) + o), w);
      // Signs agree where the sign bit of the exclusive or is clear.
      const agrees = i32x4.ge_s(v128.xor(x, elected), i32x4.splat(0));
      const counts = v128.and(v128.and(agrees, isElected), f32x4.ne(x, nothing));
      const value = v128.and(x, counts);
      if (mode == 2) kept = v128.bitselect(value, kept, f32x4.gt(f32x4.abs(value), f32x4.abs(kept)));
      else kept = f32x4.add(kept, value);
      if (mode == 1) divisor = f32x4.add(divisor, v128.and(w, counts));
    }
    if (mode == 1) kept = f32x4.div(kept, v128.bitselect(one, divisor, f32x4.eq(divisor, nothing)));
    v128.store(out + o, kept);
  }
}
