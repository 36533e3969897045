// PCB-Merging's competition of all models at once, over models as they are stored: what is between them stays in the nearest cache.
import { addWeighted, PLACES, TAUS, TILE, tileCompetitors } from "./competitors";
import { doubles, rounded } from "./doubles";
import { accumulateCompetitors, finishQuotient } from "./parameter-competition";

/**
 * The numbers of one model in the tables below, 32 bytes each: low, high, inverse, least (or threshold), scale, lambda, and the
 * numbers of competitors that were found and noted (below zero: not all of them had room).
 */
const NUMBERS: i32 = 5;

@inline
function number(numbers: usize, model: i32, index: usize): f32 {
  return load<f32>(numbers + (<usize>model << NUMBERS) + (index << 2));
}

/**
 * Task vectors of a tile, one after the other at `taus`, and their sum at `sums`, in float64 and rounded once. `rows` points to
 * a table of the models' addresses.
 */
@inline
function tileVectors(taus: usize, sums: usize, base: usize, rows: usize, count: i32, from: i32, length: i32): void {
  for (let i: i32 = 0; i < length; i += 4) {
    const o = <usize>i << 2;
    const at = (<usize>from << 2) + o;
    const b = v128.load(base + at);
    let tau = taus + o;
    v128.store(tau, f32x4.sub(v128.load(<usize>load<u32>(rows) + at), b));
    let low = doubles(tau);
    let high = doubles(tau + 8);
    for (let j: i32 = 1; j < count; j++) {
      tau += 4096;
      v128.store(tau, f32x4.sub(v128.load(<usize>load<u32>(rows + (<usize>j << 2)) + at), b));
      low = f64x2.add(low, doubles(tau));
      high = f64x2.add(high, doubles(tau + 8));
    }
    v128.store(sums + o, rounded(low, high));
  }
}

/**
 * `competitors` of all models over models as they are stored, so that no row is written between them. `outs` points to a table of
 * the addresses to write to; `work` has room for a tile of each model and two more.
 */
export function modelCompetitors(
  outs: usize, base: usize, rows: usize, numbers: usize, count: i32, n: i32, exponent: f32, shift: f32, work: usize,
  notes: usize, room: i32,
): void {
  const sums = work + (<usize>count << 12);
  for (let from: i32 = 0; from < n; from += TILE) {
    const length = min(n - from, TILE);
    tileVectors(work, sums, base, rows, count, from, length);
    for (let j: i32 = 0; j < count; j++) {
      const place = numbers + (<usize>j << NUMBERS) + 24;
      const written = load<i32>(place);
      const to = <usize>load<u32>(outs + (<usize>j << 2)) + (<usize>written << 2);
      const found = tileCompetitors(
        to, work + (<usize>j << 12), sums, length,
        number(numbers, j, 0), number(numbers, j, 1), number(numbers, j, 2), exponent, shift, number(numbers, j, 3),
      );
      store<i32>(place, written + found);
      if (notes == 0) continue;
      const noted = load<i32>(place, 4);
      if (noted < 0 || noted + found > room) store<i32>(place, -1, 4);
      else {
        note(notes + <usize>j * <usize>room * 12, room, noted, from, to, found);
        store<i32>(place, noted + found, 4);
      }
    }
  }
}

/** Notes places, task vectors and balances of the competitors of a tile that stand in the tables and at `balances`. */
function note(notes: usize, room: i32, noted: i32, from: i32, balances: usize, found: i32): void {
  const to = notes + (<usize>noted << 2);
  const column = <usize>room << 2;
  const first = i32x4.splat(from);
  let k: i32 = 0;
  for (; k + 4 <= found; k += 4) {
    const o = <usize>k << 2;
    v128.store(to + o, i32x4.add(v128.load(PLACES + o), first));
    v128.store(to + column + o, v128.load(TAUS + o));
    v128.store(to + column + column + o, v128.load(balances + o));
  }
  for (; k < found; k++) {
    const o = <usize>k << 2;
    store<i32>(to + o, load<i32>(PLACES + o) + from);
    store<f32>(to + column + o, load<f32>(TAUS + o));
    store<f32>(to + column + column + o, load<f32>(balances + o));
  }
}

/** `mergeCompetitors` from what `modelCompetitors` has noted. `numerator` and `denominator` are rows. */
export function mergeNoted(
  out: usize, base: usize, numbers: usize, count: i32, n: i32, floor: f32, notes: usize, room: i32,
  numerator: usize, denominator: usize,
): void {
  memory.fill(numerator, 0, <usize>n << 2);
  memory.fill(denominator, 0, <usize>n << 2);
  const column = <usize>room << 2;
  for (let j: i32 = 0; j < count; j++) {
    const noted = load<i32>(numbers + (<usize>j << NUMBERS), 28);
    const own = notes + <usize>j * <usize>room * 12;
    for (let from: i32 = 0; from < noted; from += TILE) {
      // The room of a model is a multiple of four values, so that the last vector lies in it.
      const places = own + (<usize>from << 2);
      addWeighted(
        numerator, denominator, places, places + column, places + column + column, min(noted - from, TILE),
        number(numbers, j, 0), number(numbers, j, 1), number(numbers, j, 3), number(numbers, j, 4), number(numbers, j, 5),
      );
    }
  }
  finishQuotient(out, base, numerator, denominator, n, floor);
}

/**
 * out = base + what the models' competitors come to, over models as they are stored: the sums stay in the nearest cache.
 */
export function mergeCompetitors(
  out: usize, base: usize, rows: usize, numbers: usize, count: i32, n: i32, exponent: f32, shift: f32, floor: f32,
  work: usize,
): void {
  const sums = work + (<usize>count << 12);
  const numerator = sums + 4096;
  const denominator = numerator + 4096;
  for (let from: i32 = 0; from < n; from += TILE) {
    const at = <usize>from << 2;
    const length = min(n - from, TILE);
    tileVectors(work, sums, base, rows, count, from, length);
    memory.fill(numerator, 0, 8192);
    for (let j: i32 = 0; j < count; j++) {
      accumulateCompetitors(
        numerator, denominator, work + (<usize>j << 12), sums, length,
        number(numbers, j, 0), number(numbers, j, 1), number(numbers, j, 2), exponent, shift,
        number(numbers, j, 3), number(numbers, j, 4), number(numbers, j, 5),
      );
    }
    finishQuotient(out + at, base + at, numerator, denominator, length, floor);
  }
}
