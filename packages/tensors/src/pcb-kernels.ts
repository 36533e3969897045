import type { BalanceOptions, CompetingRows, Kernels, MagnitudeBounds, QuotientRows, StoredRow } from '@hubfuse/plugin';
import { kernelFor, type RowTable } from './row-table.ts';

/** 1 / spread, or 0 for a row without spread, whose normalised magnitude is then 0 everywhere. */
function inverseSpread(bounds: MagnitudeBounds): number {
  return bounds.high > bounds.low ? 1 / (bounds.high - bounds.low) : 0;
}

/** Numbers of one model in the kernels' tables, and the place of those that the kernels count. */
const NUMBERS = 8;
const FOUND = 6;
const NOTED = 7;
/** Bits of zero: the kernel counts there how many notes are used up. */
const NONE_DONE = 0;
/** Values of a tile, and tiles beside those of the models: the sum of the task vectors, and the quotient's two rows. */
const TILE = 1024;
const SHARED_TILES = 3;
/** Values that a note takes: place, task vector, balance. */
const NOTE_VALUES = 3;

/** Notes of each model that fit, a multiple of four. */
function roomOf(notes: Float32Array, models: number): number {
  return Math.floor(notes.length / (NOTE_VALUES * models * 4)) * 4;
}

/** The kernels of PCB-Merging over the compiled module's exports. */
export function pcbKernels(raw: Record<string, (...values: number[]) => number>, table: RowTable): Kernels['pcb'] {
  const call = (name: string, ...values: number[]): number => (raw[name] as (...values: number[]) => number)(...values);
  const numbers = (options: BalanceOptions): [number, number, number, number, number] => {
    return [options.low, options.high, inverseSpread(options), options.count, options.shift];
  };
  const sums = (rows: QuotientRows): [number, number] => [rows.numerator.byteOffset, rows.denominator.byteOffset];
  /** The tables of the models: where they are, and their numbers. */
  const competing = ({ models, bounds, work }: CompetingRows<StoredRow>, own: (model: number) => readonly number[]) => {
    const numbers = new Float32Array(work.buffer, work.byteOffset, models.length * NUMBERS);
    numbers.fill(0);
    for (const [model, limits] of bounds.entries()) {
      numbers.set([limits.low, limits.high, inverseSpread(limits), ...own(model)], model * NUMBERS);
    }
    const weights = models.map(() => 1);
    return { numbers, rows: table.fill(models, weights).rows, tiles: work.byteOffset + numbers.byteLength };
  };
  return {
    workOf: (models) => models * (NUMBERS + TILE) + SHARED_TILES * TILE,
    modelCompetitors(outs, rows, { count, shift, least, notes }) {
      const { numbers, rows: addresses, tiles } = competing(rows, (model) => [least[model] as number]);
      const places = [table.more(outs), rows.base.byteOffset, addresses, numbers.byteOffset] as const;
      const room = notes === undefined ? 0 : roomOf(notes, outs.length);
      const end = [outs.length, rows.base.length, count, shift, tiles, notes?.byteOffset ?? 0, room] as const;
      call(kernelFor('modelCompetitors', rows.base), ...places, ...end);
      const counts = new Int32Array(numbers.buffer, numbers.byteOffset, numbers.length);
      const column = (place: number) => outs.map((_, model) => counts[model * NUMBERS + place] as number);
      const noted = column(NOTED);
      return { found: column(FOUND), ...(room === 0 || noted.some((some) => some < 0) ? {} : { noted }) };
    },
    packNotes(notes, noted) {
      const room = roomOf(notes, noted.length);
      const packed = 4 * Math.ceil(Math.max(0, ...noted) / 4);
      const columns = NOTE_VALUES * noted.length;
      for (let column = 0; column < columns; column++) {
        const count = noted[Math.floor(column / NOTE_VALUES)] as number;
        notes.copyWithin(column * packed, column * room, column * room + count);
      }
      return columns * packed;
    },
    mergeNoted(out, base, { notes, noted, bounds, floor, competitions, work }) {
      const numbers = new Float32Array(work.buffer, work.byteOffset, noted.length * NUMBERS);
      const counts = new Int32Array(numbers.buffer, numbers.byteOffset, numbers.length);
      for (const [model, { low, high }] of bounds.entries()) {
        const { threshold, inverse, lambda } = competitions[model] as (typeof competitions)[number];
        numbers.set([low, high, NONE_DONE, threshold, inverse, lambda], model * NUMBERS);
        counts[model * NUMBERS + NOTED] = noted[model] as number;
      }
      const room = roomOf(notes, noted.length);
      const rows = [out.byteOffset, base.byteOffset, numbers.byteOffset, noted.length, out.length, floor] as const;
      call('mergeNoted', ...rows, notes.byteOffset, room, work.byteOffset + numbers.byteLength);
    },
    mergeCompetitors(out, rows, { count, shift, floor, competitions }) {
      const {
        numbers,
        rows: addresses,
        tiles,
      } = competing(rows, (model) => {
        const { threshold, inverse, lambda } = competitions[model] as (typeof competitions)[number];
        return [threshold, inverse, lambda];
      });
      const places = [out.byteOffset, rows.base.byteOffset, addresses, numbers.byteOffset] as const;
      call('mergeCompetitors', ...places, competitions.length, out.length, count, shift, floor, tiles);
    },
    signedNormalised(out, tau, bounds) {
      const low = Math.fround(bounds.low);
      const high = Math.fround(bounds.high);
      const spread = high > low ? Math.fround(high - low) : Number.POSITIVE_INFINITY;
      call('signedNormalised', out.byteOffset, tau.byteOffset, out.length, low, high, spread);
    },
    clampMagnitude(out, tau, { low, high }) {
      call('clampMagnitude', out.byteOffset, tau.byteOffset, out.length, low, high);
    },
    balance(out, tau, total, options) {
      call('balance', out.byteOffset, tau.byteOffset, total.byteOffset, out.length, ...numbers(options));
    },
    competitors(out, tau, total, options) {
      const rows = [out.byteOffset, tau.byteOffset, total.byteOffset, out.length] as const;
      return call('competitors', ...rows, ...numbers(options), options.least);
    },
    accumulateCompetitors(rows, tau, total, options) {
      const { threshold, inverse, lambda } = options;
      const vectors = [...sums(rows), tau.byteOffset, total.byteOffset, tau.length] as const;
      call('accumulateCompetitors', ...vectors, ...numbers(options), threshold, inverse, lambda);
    },
    addTanhProduct(out, x, y) {
      call('addTanhProduct', out.byteOffset, x.byteOffset, y.byteOffset, out.length);
    },
    multiplyIntra(out, u, { count, shift }) {
      call('multiplyIntra', out.byteOffset, u.byteOffset, out.length, count, shift);
    },
    accumulateWeighted(rows, x, balance, { threshold, inverse, lambda }) {
      call('accumulateWeighted', ...sums(rows), x.byteOffset, balance.byteOffset, x.length, threshold, inverse, lambda);
    },
    accumulateSurvivors(rows, x, balance, { threshold, factor, lambda }) {
      call('accumulateSurvivors', ...sums(rows), x.byteOffset, balance.byteOffset, x.length, threshold, factor, lambda);
    },
    finishQuotient(out, base, rows, floor) {
      call('finishQuotient', out.byteOffset, base.byteOffset, ...sums(rows), out.length, floor);
    },
  };
}
