// PCB-Merging's competition of all models at once, over models as they are stored: what is between them stays in the nearest cache.
import { addWeighted, PLACES, TAUS, TILE, tileCompetitors } from "./competitors";
import { doubles, rounded } from "./doubles";
import { accumulateCompetitors, finishQuotient } from "./parameter-competition";
import { valuesAt } from "./stored";

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
function tileVectors(
  taus: usize, sums: usize, base: usize, rows: usize, count: i32, from: i32, length: i32, half: bool,
): void {
  for (let i: i32 = 0; i < length; i += 4) {
    const o = <usize>i << 2;
    const b = valuesAt(base, from + i, half);
    let tau = taus + o;
    v128.store(tau, f32x4.sub(valuesAt(<usize>load<u32>(rows), from + i, half), b));
    let low = doubles(tau);
    let high = doubles(tau + 8);
    for (let j: i32 = 1; j < count; j++) {
      tau += 4096;
      v128.store(tau, f32x4.sub(valuesAt(<usize>load<u32>(rows + (<usize>j << 2)), from + i, half), b));
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
  findOfModels(outs, base, rows, numbers, count, n, exponent, shift, work, notes, room, false);
}

/** The same for models and a base of bfloat16. */
export function modelCompetitorsBfloat16(
  outs: usize, base: usize, rows: usize, numbers: usize, count: i32, n: i32, exponent: f32, shift: f32, work: usize,
  notes: usize, room: i32,
): void {
  findOfModels(outs, base, rows, numbers, count, n, exponent, shift, work, notes, room, true);
}

/** Inlined with a constant for `half`. */
@inline
function findOfModels(
  outs: usize, base: usize, rows: usize, numbers: usize, count: i32, n: i32, exponent: f32, shift: f32, work: usize,
  notes: usize, room: i32, half: bool,
): void {
  const sums = work + (<usize>count << 12);
  for (let from: i32 = 0; from < n; from += TILE) {
    const length = min(n - from, TILE);
    tileVectors(work, sums, base, rows, count, from, length, half);
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

/**
 * `mergeCompetitors` from what `modelCompetitors` has noted. `work` has room for two tiles: the sums stay in the nearest cache.
 * The third number of each model, zero at first, counts the notes that are used up.
 */
export function mergeNoted(
  out: usize, base: usize, numbers: usize, count: i32, n: i32, floor: f32, notes: usize, room: i32, work: usize,
): void {
  const denominator = work + 4096;
  const column = <usize>room << 2;
  for (let from: i32 = 0; from < n; from += TILE) {
    const at = <usize>from << 2;
    const length = min(n - from, TILE);
    memory.fill(work, 0, 8192);
    for (let j: i32 = 0; j < count; j++) {
      const own = numbers + (<usize>j << NUMBERS);
      // The notes of a model end where the next one's begin, and those that are used up are taken from the front.
      const noted = load<i32>(own, 28);
      const done = load<i32>(own, 8);
      const places = notes + <usize>j * <usize>room * 12 + (<usize>done << 2);
      const here = placesBelow(places, noted - done, from + length);
      store<i32>(own, done + here, 8);
      addWeighted(
        work - at, denominator - at, places, places + column, places + column + column, here,
        number(numbers, j, 0), number(numbers, j, 1), number(numbers, j, 3), number(numbers, j, 4), number(numbers, j, 5),
      );
    }
    finishQuotient(out + at, base + at, work, denominator, length, floor);
  }
}

/** How many of `n` ascending places lie below `end`, which is at most a tile beyond the first. */
function placesBelow(places: usize, n: i32, end: i32): i32 {
  const limit = i32x4.splat(end);
  let k: i32 = 0;
  while (k + 4 <= n && i32x4.all_true(i32x4.lt_s(v128.load(places + (<usize>k << 2)), limit))) k += 4;
  while (k < n && load<i32>(places + (<usize>k << 2)) < end) k++;
  return k;
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
    tileVectors(work, sums, base, rows, count, from, length, false);
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
