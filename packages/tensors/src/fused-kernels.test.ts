import { describe, expect, test } from 'vitest';
import { storedHalves } from '../test/stored-halves.ts';
import { KernelInstance, KernelMemory } from './kernels.ts';

// Kernels that do several steps at once must give the bits of the steps one by one.

const memory = new KernelMemory();
const kernels = new KernelInstance(memory);
memory.reserve(16 << 20);

/** Lengths around the four values of a vector, the sixteen of a group and the 1024 of a tile. */
const LENGTHS = [1, 3, 4, 5, 15, 16, 17, 1023, 1024, 1025, 3001];

/** Differences as of fine-tunes: most small, some large, some zero, some equal but for the sign. */
function deltas(length: number, options: { seed: number; size: number }): Float32Array {
  let state = options.seed;
  const next = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  const row = memory.float32(length);
  for (let i = 0; i < length; i++) {
    const u = next() - 0.5;
    const kind = next();
    row[i] = kind < 0.1 ? 0 : kind < 0.3 ? Math.sign(u) * 0.125 * options.size : u ** 3 * 8 * options.size;
  }
  return row;
}

const bits = (row: Float32Array): number[] => [...new Uint32Array(row.buffer, row.byteOffset, row.length)];

/** The rows rounded to bfloat16, in place, and as they are stored. */
function halves({ base, models }: { base: Float32Array; models: readonly Float32Array[] }) {
  const stored = (row: Float32Array) => storedHalves({ kernels, memory }, row);
  return { base: stored(base), models: models.map(stored) };
}

function freshRow(length: number, value = 0): Float32Array {
  const row = memory.float32(length);
  row.fill(value);
  return row;
}

describe('the competition of PCB-Merging', () => {
  // Products of task vectors for which tanh x is x, is a polynomial, and goes through exp.
  const SIZES = { tiny: 0.005, near: 0.3, far: 3 };

  for (const [name, size] of Object.entries(SIZES)) {
    for (const count of [1, 3, 60]) {
      test(`only values below the threshold are left out, ${name} products, ${count} models`, () => {
        const mark = memory.mark;
        for (const length of LENGTHS) {
          memory.release(mark);
          const tau = deltas(length, { seed: length, size });
          const total = deltas(length, { seed: length + 7, size });
          const options = { low: 0.01 * size, high: 0.7 * size, count, shift: count / 2 };
          const balances = freshRow(length);
          kernels.pcb.balance(balances, tau, total, options);
          const sorted = [...balances].filter((value) => value > 0).sort((a, b) => a - b);
          for (const at of [0, 0.5, 0.9]) {
            const least = sorted[Math.floor(at * sorted.length)] ?? 1e-3;
            const out = freshRow(length);
            const found = out.subarray(0, kernels.pcb.competitors(out, tau, total, { ...options, least }));
            const expected = [...balances].filter((value) => value >= least);
            expect([...found].filter((value) => value >= least)).toEqual(expected);
            const left = length - found.length;
            expect(left).toBeLessThanOrEqual(balances.filter((value) => value < least).length);
            // The bound takes tanh x for x, which is far from it where x is large.
            if (name !== 'tiny') continue;
            const nearly = balances.filter((value) => value >= least * 0.93).length;
            expect(found.length, 'hardly any that is not needed').toBeLessThanOrEqual(nearly);
          }
        }
        memory.release(mark);
      });
    }
  }

  test('sums over the values that may reach the threshold have the bits of the sums over all', () => {
    const mark = memory.mark;
    for (const length of LENGTHS) {
      memory.release(mark);
      const all = { numerator: freshRow(length), denominator: freshRow(length) };
      const some = { numerator: freshRow(length), denominator: freshRow(length) };
      for (const seed of [1, 2, 3]) {
        const tau = deltas(length, { seed, size: 1 });
        const total = deltas(length, { seed: seed + 9, size: 1 });
        const bounds = { low: 0.01, high: 0.8 };
        const options = { ...bounds, count: 3, shift: 1.5 };
        const weights = { threshold: 0.02, inverse: 1.7, lambda: 0.9 };
        const balances = freshRow(length);
        const clamped = freshRow(length);
        kernels.pcb.balance(balances, tau, total, options);
        kernels.pcb.clampMagnitude(clamped, tau, bounds);
        kernels.pcb.accumulateWeighted(all, clamped, balances, weights);
        kernels.pcb.accumulateCompetitors(some, tau, total, { ...options, ...weights });
      }
      expect(bits(some.numerator)).toEqual(bits(all.numerator));
      expect(bits(some.denominator)).toEqual(bits(all.denominator));
    }
    memory.release(mark);
  });

  test('all models at once, from stored models and from notes, have the bits of their steps', () => {
    const mark = memory.mark;
    for (const length of LENGTHS) {
      memory.release(mark);
      const base = deltas(length, { seed: 40, size: 4 });
      const models = [1, 2, 3].map((seed) => {
        const row = deltas(length, { seed, size: 1 });
        kernels.add(row, row, base);
        return row;
      });
      const taus = models.map((model) => {
        const row = freshRow(length);
        kernels.subtract(row, model, base);
        return row;
      });
      const total = freshRow(length);
      kernels.weightedSum(total, taus, [1, 1, 1]);
      const bounds = [0.8, 0.7, 0.5].map((high) => ({ low: 0.01, high }));
      const centre = { count: 3, shift: 1.5 };
      const competitions = [0.02, 0.03, 1].map((threshold) => ({ threshold, inverse: 1.7, lambda: 0.9 }));
      const expected = taus.map((tau, i) => {
        const out = freshRow(length);
        const options = { ...centre, ...(bounds[i] as (typeof bounds)[0]), least: 0.02 };
        return bits(out.subarray(0, kernels.pcb.competitors(out, tau, total, options)));
      });
      const stepped = { numerator: freshRow(length), denominator: freshRow(length) };
      taus.forEach((tau, i) => {
        const options = { ...centre, ...(bounds[i] as (typeof bounds)[0]) };
        const competition = competitions[i] as (typeof competitions)[0];
        kernels.pcb.accumulateCompetitors(stepped, tau, total, { ...options, ...competition });
      });
      const whole = freshRow(length);
      kernels.pcb.finishQuotient(whole, base, stepped, 1e-12);

      const work = freshRow(kernels.pcb.workOf(3));
      const rows = { base, models, bounds, work };
      const outs = models.map(() => freshRow(length));
      const notes = freshRow(3 * 3 * (length + 4));
      const least = [0.02, 0.02, 0.02];
      const { found, noted } = kernels.pcb.modelCompetitors(outs, rows, { ...centre, least, notes });
      expect(outs.map((row, i) => bits(row.subarray(0, found[i])))).toEqual(expected);
      expect(noted).toEqual(found);
      const out = freshRow(length, 7);
      kernels.pcb.mergeCompetitors(out, rows, { ...centre, floor: 1e-12, competitions });
      expect(bits(out)).toEqual(bits(whole));
      out.fill(7);
      const given = { notes, noted: noted ?? [], bounds, floor: 1e-12, competitions, work };
      kernels.pcb.mergeNoted(out, base, given);
      expect(bits(out)).toEqual(bits(whole));
      out.fill(7);
      const values = kernels.pcb.packNotes(notes, noted ?? []);
      expect(values).toBe(3 * 3 * 4 * Math.ceil(Math.max(...found) / 4));
      kernels.pcb.mergeNoted(out, base, { ...given, notes: notes.subarray(0, values) });
      expect(bits(out)).toEqual(bits(whole));
      const stored = halves(rows);
      const again = models.map(() => freshRow(length));
      const wide = kernels.pcb.modelCompetitors(outs, rows, { ...centre, least });
      const narrow = kernels.pcb.modelCompetitors(again, { ...rows, ...stored }, { ...centre, least });
      expect(narrow).toEqual(wide);
      const kept = (all: readonly Float32Array[]) => all.map((row, i) => bits(row.subarray(0, wide.found[i])));
      expect(kept(again)).toEqual(kept(outs));
      // Notes without room for all say that they are of no use.
      const most = Math.max(...found);
      if (most < 8) continue;
      const short = freshRow(3 * 3 * 4);
      expect(kernels.pcb.modelCompetitors(outs, rows, { ...centre, least, notes: short }).noted).toBeUndefined();
    }
    memory.release(mark);
  });

  test('a value that is not a number is not left out', () => {
    const tau = freshRow(5, 1e-3);
    const total = freshRow(5, 1e-3);
    tau[2] = Number.NaN;
    const out = freshRow(5);
    const options = { low: 0, high: 1, count: 3, shift: 1.5, least: 1 };
    expect(kernels.pcb.competitors(out, tau, total, options)).toBe(1);
    expect(out[0]).toBeNaN();
  });
});

describe('the consensus of TIES', () => {
  const weights = [1, 0.5, -0.25];
  const thresholds = [0.05, 0.1, Number.POSITIVE_INFINITY];
  const rowsOf = (length: number) => {
    const base = deltas(length, { seed: 40, size: 4 });
    const models = [1, 2, 3].map((seed) => {
      const row = deltas(length, { seed, size: 1 });
      kernels.add(row, row, base);
      return row;
    });
    return { base, models };
  };
  const trimmed = ({ base, models }: ReturnType<typeof rowsOf>) =>
    models.map((model, i) => {
      const row = freshRow(model.length);
      kernels.subtract(row, model, base);
      kernels.keepAtLeast(row, row, thresholds[i] as number);
      return row;
    });

  test.each(['mean', 'sum', 'max'] as const)('%s from stored models has the bits of its steps', (merge) => {
    const mark = memory.mark;
    for (const length of LENGTHS) {
      for (const zero of [1, 0, -1] as const) {
        memory.release(mark);
        const rows = rowsOf(length);
        const scales = [1.3, 1, 1];
        const steps = trimmed(rows);
        steps.forEach((row, i) => {
          kernels.scale(row, row, scales[i] as number);
        });
        const expected = freshRow(length);
        kernels.elect(expected, steps, weights, { merge, zero });
        kernels.scale(expected, expected, 0.7);
        kernels.add(expected, expected, rows.base);
        const out = freshRow(length);
        kernels.electTrimmed(out, { ...rows, thresholds, scales, weights }, { merge, zero, lambda: 0.7 });
        expect(bits(out)).toEqual(bits(expected));
        const stored = halves(rows);
        kernels.electTrimmed(expected, { ...rows, thresholds, scales, weights }, { merge, zero, lambda: 0.7 });
        kernels.electTrimmed(out, { ...stored, thresholds, scales, weights }, { merge, zero, lambda: 0.7 });
        expect(bits(out)).toEqual(bits(expected));
      }
    }
    memory.release(mark);
  });

  test.each([1, 2, 3, 4, 5])('%d models without weights and scales have the bits of their steps', (count) => {
    const mark = memory.mark;
    const ones = Array.from({ length: count }, () => 1);
    for (const length of LENGTHS) {
      for (const zero of [1, 0, -1] as const) {
        for (const merge of ['mean', 'sum'] as const) {
          memory.release(mark);
          const base = deltas(length, { seed: 40, size: 4 });
          // Some cancel exactly: their sums are zero.
          const models = ones.map((_, j) => {
            const row = deltas(length, { seed: 1 + (j >> 1), size: 1 });
            kernels.scale(row, row, j % 2 === 0 ? 1 : -1);
            kernels.add(row, row, base);
            return row;
          });
          const limits = ones.map((_, j) => [0.05, 0.05, 0, 0.1, Number.POSITIVE_INFINITY][j] as number);
          const steps = models.map((model, j) => {
            const row = freshRow(length);
            kernels.subtract(row, model, base);
            kernels.keepAtLeast(row, row, limits[j] as number);
            return row;
          });
          const expected = freshRow(length);
          kernels.elect(expected, steps, ones, { merge, zero });
          kernels.scale(expected, expected, 0.7);
          kernels.add(expected, expected, base);
          const out = freshRow(length);
          const rows = { base, models, thresholds: limits, scales: ones, weights: ones };
          kernels.electTrimmed(out, rows, { merge, zero, lambda: 0.7 });
          expect(bits(out)).toEqual(bits(expected));
          const stored = halves(rows);
          kernels.electTrimmed(expected, rows, { merge, zero, lambda: 0.7 });
          kernels.electTrimmed(out, { ...rows, ...stored }, { merge, zero, lambda: 0.7 });
          expect(bits(out)).toEqual(bits(expected));
        }
      }
    }
    memory.release(mark);
  });

  test('signs of the trimmed sums are counted as their steps give them, padding apart', () => {
    const mark = memory.mark;
    for (const length of LENGTHS) {
      memory.release(mark);
      const rows = rowsOf(length);
      const sums = freshRow(length);
      kernels.weightedSum(sums, trimmed(rows), weights);
      expect(kernels.trimmedSigns({ ...rows, thresholds, weights })).toEqual({
        negative: sums.filter((value) => value < 0).length,
        zero: sums.filter((value) => value === 0).length,
      });
      const stored = halves(rows);
      const expected = kernels.trimmedSigns({ ...rows, thresholds, weights });
      expect(kernels.trimmedSigns({ ...stored, thresholds, weights })).toEqual(expected);
    }
    memory.release(mark);
  });
});

describe('sums over models', () => {
  test.each([1, 2, 4, 5])('%d models have the bits of their steps, as they are stored, too', (count) => {
    const mark = memory.mark;
    const weights = Array.from({ length: count }, (_, j) => [0.3, 1, -0.25, 0.1, 2][j] as number);
    for (const length of LENGTHS) {
      memory.release(mark);
      const base = deltas(length, { seed: 50, size: 4 });
      const models = weights.map((_, j) => deltas(length, { seed: 60 + j, size: 4 }));
      const stored = halves({ base, models });
      const [sum, expected, out] = [freshRow(length), freshRow(length), freshRow(length)];
      kernels.weightedSum(sum, models, weights);
      expect([...sum]).toEqual(
        Array.from(sum, (_, i) => {
          const terms = models.map((model, j) => (model[i] as number) * (weights[j] as number));
          return Math.fround(terms.reduce((total, term) => total + term));
        }),
      );
      kernels.weightedSum(out, stored.models, weights);
      expect(bits(out)).toEqual(bits(sum));
      const taus = models.map((model) => {
        const tau = freshRow(length);
        kernels.subtract(tau, model, base);
        return tau;
      });
      kernels.weightedSum(expected, taus, weights);
      kernels.add(expected, expected, base);
      kernels.addTaskVectors(out, { base, models }, weights);
      expect(bits(out)).toEqual(bits(expected));
      out.fill(0);
      kernels.addTaskVectors(out, stored, weights);
      expect(bits(out)).toEqual(bits(expected));
    }
    memory.release(mark);
  });
});

/** A range in the middle, one near the top that most values are below, and one at the bottom. */
const SHARES = [
  [0.3, 0.8],
  [0.97, 0.99],
  [0, 0.02],
] as const;

test.each(SHARES)(
  'collected keys between shares %d and %d end where their room ends, and all are counted',
  (from, to) => {
    const mark = memory.mark;
    for (const length of LENGTHS) {
      for (const absolute of [true, false]) {
        for (const room of [0, 1, 2, 3, 6, 5000]) {
          memory.release(mark);
          const row = deltas(length, { seed: length, size: 1 });
          const keyOf = (value: number) => (absolute ? value & 0x7fffffff : value ^ ((value >> 31) | 0x80000000)) >>> 0;
          const keys = bits(row).map((value) => keyOf(value | 0));
          const sorted = [...keys].sort((a, b) => a - b);
          const low = sorted[Math.floor(length * from)] ?? 0;
          const high = sorted[Math.floor(length * to)] ?? 0;
          const kept = memory.uint32(room + 4);
          const counts = memory.uint32(2);
          kernels.collect(row, { keys: kept.subarray(0, room), counts }, { low, high, absolute });
          const inside = keys.filter((key) => key >= low && key <= high);
          expect([...counts]).toEqual([keys.filter((key) => key < low).length, inside.length]);
          expect([...kept.subarray(0, Math.min(room, inside.length))]).toEqual(inside.slice(0, room));
          expect([...kept.subarray(room)], 'nothing beyond the room').toEqual([0, 0, 0, 0]);
        }
      }
    }
    memory.release(mark);
  },
);
