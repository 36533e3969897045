// Element-wise arithmetic in float32. The scalar tails use the same operations in the same order as the vectors.

export function fill(out: usize, n: i32, value: f32): void {
  const v = f32x4.splat(value);
  let i: i32 = 0;
  for (; i + 4 <= n; i += 4) v128.store(out + (<usize>i << 2), v);
  for (; i < n; i++) store<f32>(out + (<usize>i << 2), value);
}

export function scale(out: usize, x: usize, n: i32, a: f32): void {
  const v = f32x4.splat(a);
  let i: i32 = 0;
  for (; i + 4 <= n; i += 4) {
    const o = <usize>i << 2;
    v128.store(out + o, f32x4.mul(v128.load(x + o), v));
  }
  for (; i < n; i++) {
    const o = <usize>i << 2;
    store<f32>(out + o, load<f32>(x + o) * a);
  }
}

export function addScaled(out: usize, x: usize, n: i32, a: f32): void {
  const v = f32x4.splat(a);
  let i: i32 = 0;
  for (; i + 4 <= n; i += 4) {
    const o = <usize>i << 2;
    v128.store(out + o, f32x4.add(v128.load(out + o), f32x4.mul(v128.load(x + o), v)));
  }
  for (; i < n; i++) {
    const o = <usize>i << 2;
    store<f32>(out + o, load<f32>(out + o) + load<f32>(x + o) * a);
  }
}

export function subtract(out: usize, x: usize, y: usize, n: i32): void {
  let i: i32 = 0;
  for (; i + 4 <= n; i += 4) {
    const o = <usize>i << 2;
    v128.store(out + o, f32x4.sub(v128.load(x + o), v128.load(y + o)));
  }
  for (; i < n; i++) {
    const o = <usize>i << 2;
    store<f32>(out + o, load<f32>(x + o) - load<f32>(y + o));
  }
}

export function add(out: usize, x: usize, y: usize, n: i32): void {
  let i: i32 = 0;
  for (; i + 4 <= n; i += 4) {
    const o = <usize>i << 2;
    v128.store(out + o, f32x4.add(v128.load(x + o), v128.load(y + o)));
  }
  for (; i < n; i++) {
    const o = <usize>i << 2;
    store<f32>(out + o, load<f32>(x + o) + load<f32>(y + o));
  }
}

export function multiply(out: usize, x: usize, y: usize, n: i32): void {
  let i: i32 = 0;
  for (; i + 4 <= n; i += 4) {
    const o = <usize>i << 2;
    v128.store(out + o, f32x4.mul(v128.load(x + o), v128.load(y + o)));
  }
  for (; i < n; i++) {
    const o = <usize>i << 2;
    store<f32>(out + o, load<f32>(x + o) * load<f32>(y + o));
  }
}

/** Sum of magnitudes in float64: two lanes over even and odd elements, then the tail. */
export function absoluteSum(x: usize, n: i32): f64 {
  let even = f64x2.splat(0);
  let odd = f64x2.splat(0);
  let i: i32 = 0;
  for (; i + 4 <= n; i += 4) {
    const v = f32x4.abs(v128.load(x + (<usize>i << 2)));
    even = f64x2.add(even, f64x2.promote_low_f32x4(v));
    odd = f64x2.add(odd, f64x2.promote_low_f32x4(i32x4.shuffle(v, v, 2, 3, 2, 3)));
  }
  const both = f64x2.add(even, odd);
  let sum = f64x2.extract_lane(both, 0) + f64x2.extract_lane(both, 1);
  for (; i < n; i++) sum += <f64>abs(load<f32>(x + (<usize>i << 2)));
  return sum;
}

/** Sum in float64, lanes as in absoluteSum. */
export function sum(x: usize, n: i32): f64 {
  let even = f64x2.splat(0);
  let odd = f64x2.splat(0);
  let i: i32 = 0;
  for (; i + 4 <= n; i += 4) {
    const v = v128.load(x + (<usize>i << 2));
    even = f64x2.add(even, f64x2.promote_low_f32x4(v));
    odd = f64x2.add(odd, f64x2.promote_low_f32x4(i32x4.shuffle(v, v, 2, 3, 2, 3)));
  }
  const both = f64x2.add(even, odd);
  let total = f64x2.extract_lane(both, 0) + f64x2.extract_lane(both, 1);
  for (; i < n; i++) total += <f64>load<f32>(x + (<usize>i << 2));
  return total;
}

/** Smallest and largest value, into pair[0] and pair[1], joined with what is there. */
export function range(x: usize, n: i32, pair: usize): void {
  let low = load<f32>(pair);
  let high = load<f32>(pair, 4);
  let lows = f32x4.splat(low);
  let highs = f32x4.splat(high);
  let i: i32 = 0;
  for (; i + 4 <= n; i += 4) {
    const v = v128.load(x + (<usize>i << 2));
    lows = f32x4.min(lows, v);
    highs = f32x4.max(highs, v);
  }
  for (; i < n; i++) {
    const v = load<f32>(x + (<usize>i << 2));
    low = min(low, v);
    high = max(high, v);
  }
  low = min(min(low, f32x4.extract_lane(lows, 0)), min(f32x4.extract_lane(lows, 1), f32x4.extract_lane(lows, 2)));
  high = max(max(high, f32x4.extract_lane(highs, 0)), max(f32x4.extract_lane(highs, 1), f32x4.extract_lane(highs, 2)));
  store<f32>(pair, min(low, f32x4.extract_lane(lows, 3)));
  store<f32>(pair, max(high, f32x4.extract_lane(highs, 3)), 4);
}

/** x where |x| >= threshold, else 0. */
export function keepAtLeast(out: usize, x: usize, n: i32, threshold: f32): void {
  const t = f32x4.splat(threshold);
  let i: i32 = 0;
  for (; i + 4 <= n; i += 4) {
    const v = v128.load(x + (<usize>i << 2));
    v128.store(out + (<usize>i << 2), v128.and(v, f32x4.ge(f32x4.abs(v), t)));
  }
  for (; i < n; i++) {
    const v = load<f32>(x + (<usize>i << 2));
    store<f32>(out + (<usize>i << 2), abs(v) >= threshold ? v : 0);
  }
}

/** How many values have a magnitude of at least the threshold. */
export function countAtLeast(x: usize, n: i32, threshold: f32): u32 {
  const t = f32x4.splat(threshold);
  let lanes = i32x4.splat(0);
  let i: i32 = 0;
  for (; i + 4 <= n; i += 4) lanes = i32x4.sub(lanes, f32x4.ge(f32x4.abs(v128.load(x + (<usize>i << 2))), t));
  let count = <u32>i32x4.extract_lane(lanes, 0) + <u32>i32x4.extract_lane(lanes, 1);
  count += <u32>i32x4.extract_lane(lanes, 2) + <u32>i32x4.extract_lane(lanes, 3);
  for (; i < n; i++) if (abs(load<f32>(x + (<usize>i << 2))) >= threshold) count++;
  return count;
}
