import type { Block, Group, Sweep } from '@hubfuse/plugin';
import { KernelInstance, KernelMemory } from '@hubfuse/tensors';
import { describe, expect, test } from 'vitest';
import { orderStatistics } from './order-statistics.ts';

const memory = new KernelMemory();
const kernels = new KernelInstance(memory);
memory.reserve(256 << 20);

const PIECE = 65_536;

/** Runs a sweep to its end over rows of values, as the executor does; counts the full passes. */
function run(
  sweep: Sweep,
  rows: readonly Float32Array[],
  options: {
    sampleEvery?: number;
    known?: readonly unknown[];
    likely?: readonly unknown[];
    onRead?: (model: number) => void;
  } = {},
) {
  const length = rows[0]?.length ?? 0;
  const group: Group = { length, models: rows.length, parameters: { global: {}, models: [] } };
  const pass = (state: unknown, keep: (index: number) => boolean) => {
    let total: unknown;
    for (let offset = 0, index = 0; offset < length; offset += PIECE, index++) {
      if (!keep(index)) continue;
      const mark = memory.mark;
      const models = rows.map((row) => {
        const piece = memory.float32(Math.min(PIECE, length - offset));
        piece.set(row.subarray(offset, offset + PIECE));
        return piece;
      });
      const accumulator = sweep.open(state, memory);
      const base = memory.float32(models[0]?.length ?? 0).fill(0);
      const scratch = () => memory.float32(base.length);
      const watched = new Proxy(models, {
        get(target, key) {
          if (typeof key === 'string' && /^\d+$/.test(key)) options.onRead?.(Number(key));
          return Reflect.get(target, key) as unknown;
        },
      });
      sweep.map(
        { models: watched, base, kernels, scratch, length: base.length } as unknown as Block,
        state,
        accumulator,
      );
      const partial = sweep.close(accumulator);
      total = total === undefined ? partial : sweep.reduce(total, partial);
      memory.release(mark);
    }
    return total;
  };
  const { known, likely } = options;
  let state = known === undefined ? sweep.start([], group) : sweep.entries?.start(known, group, likely);
  const every = options.sampleEvery;
  let sampled = false;
  if (every !== undefined && sweep.sample !== undefined && sweep.wantsSample?.(state) !== false) {
    sampled = true;
    let values = 0;
    for (let offset = 0; offset < length; offset += every * PIECE) values += Math.min(PIECE, length - offset);
    const taken = pass(state, (index) => index % every === 0);
    state = sweep.sample(taken, state, { share: values / length, group });
  }
  for (let passes = 1; ; passes++) {
    const outcome = sweep.finish(
      pass(state, () => true),
      state,
      group,
    );
    if ('result' in outcome) return { values: outcome.result as number[][], passes, sampled };
    state = outcome.again;
  }
}

function values(length: number, draw: (random: () => number, i: number) => number): Float32Array {
  let state = 42;
  const random = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  return Float32Array.from({ length }, (_, i) => draw(random, i));
}

const select = (absolute: boolean, ranks: readonly number[]) =>
  orderStatistics({ name: 'test', absolute, rows: (block) => block.models, ranks: () => [ranks] });

const truth = (row: Float32Array, { absolute, ranks }: { absolute: boolean; ranks: readonly number[] }) => {
  const sorted = (absolute ? row.map(Math.abs) : row.slice()).sort();
  return ranks.map((rank) => sorted[rank]);
};

describe('order statistics are those of a sort', () => {
  const length = 400_003;
  const distributions: Record<string, Float32Array> = {
    'heavy tails': values(length, (random) => (random() - 0.5) ** 9),
    'half of the values exactly zero': values(length, (random) => (random() < 0.5 ? 0 : random() - 0.5)),
    'few distinct values': values(length, (random) => Math.round(random() * 7 - 3) / 256),
    'one value': values(length, () => 0.25),
    'signed products of tiny numbers': values(length, (random) => (random() - 0.5) ** 3 * (random() - 0.5) * 1e-9),
  };
  for (const [name, row] of Object.entries(distributions)) {
    for (const absolute of [true, false]) {
      for (const sampleEvery of [undefined, 3]) {
        test(`${name}, ${absolute ? 'magnitudes' : 'signed'}, ${sampleEvery ? 'bracketed by a sample' : 'by histograms'}`, () => {
          const ranks = [0, 40, Math.trunc(length * 0.8), length - 1];
          const { values: found } = run(select(absolute, ranks), [row], sampleEvery ? { sampleEvery } : {});
          const expected = truth(row, { absolute, ranks });
          found[0]?.forEach((value, i) => {
            // Zero and minus zero are one value.
            expect(value + 0).toBe((expected[i] as number) + 0);
          });
        });
      }
    }
  }

  test('a small group is selected in one pass', () => {
    const row = values(1_001, (random) => random() - 0.5);
    const { values: found, passes } = run(select(true, [500]), [row]);
    expect(passes).toBe(1);
    expect(found).toEqual([truth(row, { absolute: true, ranks: [500] })]);
  });

  test('a sample that misleads is found out, and the result is right all the same', () => {
    // The sampled blocks are all small, the others all large.
    const row = values(length, (random, i) => (Math.floor(i / PIECE) % 3 === 0 ? 1e-6 : 1) * (random() + 0.1));
    const ranks = [Math.trunc(length / 2)];
    const { values: found, passes } = run(select(true, ranks), [row], { sampleEvery: 3 });
    expect(found).toEqual([truth(row, { absolute: true, ranks })]);
    expect(passes).toBeGreaterThan(1);
  });

  test('what has moved in one place alone is collected in one pass, though most runs have none of it', () => {
    // One piece of eight holds all values but zeros, as where fine-tunes left most tensors as they were.
    const clustered = values(16 * PIECE, (random, i) => (Math.floor(i / PIECE) % 8 === 0 ? random() ** 4 : 0));
    const ranks = [clustered.length - 20_000];
    const { values: found, passes } = run(select(true, ranks), [clustered], { sampleEvery: 1 });
    expect(found).toEqual([truth(clustered, { absolute: true, ranks })]);
    expect(passes).toBe(1);
  });

  test('rows whose values are known are not looked at', () => {
    const rows = [3, 1, 2].map((scale) => values(length, (random) => scale * (random() - 0.5)));
    const ranks = [40, Math.trunc(length * 0.8)];
    const looked = new Set<number>();
    const onRead = (model: number) => looked.add(model);
    const sweep = orderStatistics({ name: 't', absolute: true, taskVectors: true, ranks: () => rows.map(() => ranks) });
    const { values: all } = run(sweep, rows, { sampleEvery: 3 });
    expect(all).toEqual(rows.map((values) => truth(values, { absolute: true, ranks })));
    const known = [all[0], undefined, all[2]];
    const { values: again } = run(sweep, rows, { sampleEvery: 3, known, onRead });
    expect(again).toEqual(all);
    expect([...looked]).toEqual([1]);
    const group = { length, models: 3, parameters: { global: {}, models: [] } };
    expect(sweep.entries?.reads(sweep.entries.start(all, group))).toEqual([]);
  });

  test('ranks near the ends are sought around values that alike rows had, without a sample, and found wherever they are', () => {
    const row = values(length, (random) => (random() < 0.1 ? 0 : random() - 0.5));
    const ends = [Math.trunc(length * 1e-4), Math.trunc(length * (1 - 1e-4))];
    const sweepOf = (ranks: number[]) =>
      orderStatistics({ name: 't', absolute: true, taskVectors: true, ranks: () => [ranks] });
    const find = (ranks: number[], near: (value: number) => number) => {
      const expected = truth(row, { absolute: true, ranks });
      const options = { sampleEvery: 1, known: [undefined], likely: [expected.map((value) => near(value ?? 0))] };
      const found = run(sweepOf(ranks), [row], options);
      expect(found.values).toEqual([expected]);
      return found;
    };
    expect(find(ends, (value) => value * 1.3)).toMatchObject({ sampled: false, passes: 1 });
    expect(find(ends, (value) => value * 0.8)).toMatchObject({ sampled: false, passes: 1 });
    for (const wrong of [(value: number) => value * 100, () => 0, () => 1e-30]) {
      expect(find(ends, wrong).sampled).toBe(false);
    }
    expect(find([ends[0] as number, Math.trunc(length / 2)], (value) => value)).toMatchObject({ sampled: true });
  });

  test('rows without ranks have no values', () => {
    const row = values(1_001, (random) => random());
    const sweep = orderStatistics({ name: 't', absolute: true, rows: (b) => b.models, ranks: () => [[], [3]] });
    const { values: found } = run(sweep, [row, row]);
    expect(found[0] ?? []).toEqual([]);
    expect(found[1]).toEqual(truth(row, { absolute: true, ranks: [3] }));
  });
});
