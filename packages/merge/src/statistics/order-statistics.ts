import {
  type AccumulatorMemory,
  type Block,
  defineSweep,
  type Group,
  type KeysInRange,
  type Sweep,
  type SweepEntries,
} from '@hubfuse/plugin';
import { binAt, keyAt } from './key-at.ts';
import {
  BINS,
  type BinsWindow,
  bracket,
  COLLECTED_KEYS,
  firstWindow,
  isOneValue,
  type KeysWindow,
  WHOLE,
  type Window,
  windowAround,
} from './key-windows.ts';
import { valueOfKey } from './order-keys.ts';
import { taskVector } from './task-vectors.ts';

/** What to select: values by rank within rows that a method computes block by block. */
export type OrderStatisticsOptions = {
  name: string;
  /** Order by magnitude instead of value. */
  absolute: boolean;
  /** Ranks per row, counted from 0 in ascending order. */
  ranks(group: Group): readonly (readonly number[])[];
} & (OwnRows | JointRows);

/** The task vectors, each of which rests on one model and the base alone. */
interface OwnRows {
  taskVectors: true;
  rows?: undefined;
  rowsAtLeast?: undefined;
}

interface JointRows {
  taskVectors?: undefined;
  /** The rows of a block, one per model, from the results of earlier sweeps. */
  rows(block: Block, previous: readonly unknown[]): readonly Float32Array[];
  /**
   * Rows of the block without values that are surely below `least` (one number per row), in any order: for rows that are
   * dear to compute. Called only where every number is above zero.
   */
  rowsAtLeast?(block: Block, previous: readonly unknown[], least: readonly number[]): readonly Float32Array[];
}

interface Target {
  row: number;
  rank: number;
  window: Window;
  /** The selected value, once known. */
  value?: number;
}

interface State {
  previous: readonly unknown[];
  targets: Target[];
}

interface BinsAccumulator {
  kind: 'bins';
  window: BinsWindow;
  row: number;
  below: number;
  bins: Uint32Array;
}
interface KeysAccumulator {
  kind: 'keys';
  window: KeysWindow;
  row: number;
  keys: Uint32Array;
  counts: Uint32Array;
}
type WindowAccumulator = BinsAccumulator | KeysAccumulator;

/** What one run of blocks, or several, found in one window. */
type WindowCount =
  | { kind: 'bins'; below: number; bins: Uint32Array | Float64Array }
  | { kind: 'keys'; below: number; inside: number; keys: Uint32Array[]; most: number };

/** Thresholds below this are too near to denormal numbers for bounds of values to hold. */
export const LEAST_SKIPPED = 1e-30;

/**
 * A sweep that finds exact order statistics without sorting: two passes of histograms over the bits of the values
 * (high half, then low half), or one pass that collects the keys of a bracket which a sample guessed. A full pass
 * counts what lies below the bracket and inside it, which proves the result or falls back to histograms.
 * Result: values per row and rank.
 */
export function orderStatistics(options: OrderStatisticsOptions): Sweep {
  const { absolute } = options;
  return defineSweep<State, WindowAccumulator[], WindowCount[], number[][]>({
    name: options.name,
    start: (previous, group) => ({ previous, targets: firstTargets(options, group) }),
    wantsSample: ({ targets }) => targets.some(({ value, window }) => value === undefined && window.kind === 'bins'),
    sample(total, state, { share }) {
      const windows = distinctWindows(state);
      const targets = state.targets.map((target): Target => {
        const count = total[windowIndex(windows, target)];
        if (target.value !== undefined || count?.kind !== 'bins') return target;
        return { ...target, window: bracket(count.bins, { rank: target.rank, share, absolute }) ?? target.window };
      });
      return { ...state, targets };
    },
    open: (state, memory) => distinctWindows(state).map((window) => openWindow(window, memory)),
    map(block, state, accumulators) {
      if (options.taskVectors === true && absolute && accumulators.every(isOfKeys)) {
        collectOwn(block, accumulators);
        return;
      }
      const least = options.rowsAtLeast === undefined ? [] : leastValues(accumulators, absolute);
      const rows =
        least.length > 0 && least.every((value) => value > LEAST_SKIPPED)
          ? options.rowsAtLeast?.(block, state.previous, least)
          : undefined;
      const values = rows ?? rowsOf(options, { block, state, accumulators });
      for (const accumulator of accumulators) {
        const row = values[accumulator.row];
        if (row === undefined) continue;
        if (accumulator.kind === 'keys') {
          block.kernels.collect(row, accumulator, { ...accumulator.window, absolute });
          accumulator.counts[0] = (accumulator.counts[0] ?? 0) + block.length - row.length;
        } else {
          accumulator.below += block.kernels.histogram(row, accumulator.bins, { ...accumulator.window, absolute });
        }
      }
    },
    close: (accumulators) => accumulators.map(closeWindow),
    transfer: (counts) => counts.flatMap((count) => buffersOf(count)),
    reduce: (left, right) => left.map((count, i) => addCounts(count, right[i] as WindowCount)),
    exact: true,
    finish(total, state) {
      const windows = distinctWindows(state);
      const targets = state.targets.map((target) => {
        if (target.value !== undefined) return target;
        return resolve(target, total[windowIndex(windows, target)] as WindowCount, absolute);
      });
      if (targets.some((target) => target.value === undefined)) return { again: { ...state, targets } };
      const result: number[][] = [];
      for (const target of targets) {
        const row = result[target.row] ?? [];
        row.push(target.value as number);
        result[target.row] = row;
      }
      return { result };
    },
    ...(options.taskVectors === undefined ? {} : { entries: ownEntries(options) }),
  });
}

function firstTargets({ absolute, ranks }: OrderStatisticsOptions, group: Group): Target[] {
  const window = firstWindow(group.length, absolute);
  return ranks(group).flatMap((ranks, row) => ranks.map((rank): Target => ({ row, rank, window })));
}

/** The entry of a model is the values of its ranks. */
function ownEntries(options: OrderStatisticsOptions): SweepEntries<State> {
  return {
    basis: (group) => options.ranks(group),
    start(known, group, likely = []) {
      const targets = firstTargets(options, group).map((target, index, all): Target => {
        const nth = index - all.findIndex(({ row }) => row === target.row);
        const valueIn = (entries: readonly unknown[]) => (entries[target.row] as readonly number[] | undefined)?.[nth];
        const value = valueIn(known);
        if (value !== undefined) return { ...target, value };
        const near = options.absolute ? valueIn(likely) : undefined;
        const place = { rank: target.rank, length: group.length };
        return { ...target, window: (near === undefined ? undefined : windowAround(near, place)) ?? target.window };
      });
      return { previous: [], targets };
    },
    reads: ({ targets }) => [...new Set(targets.flatMap(({ row, value }) => (value === undefined ? [row] : [])))],
  };
}

/** The rows that windows look at. */
function rowsOf(
  options: OrderStatisticsOptions,
  { block, state, accumulators }: { block: Block; state: State; accumulators: readonly WindowAccumulator[] },
): readonly Float32Array[] {
  if (options.taskVectors === undefined) return options.rows(block, state.previous);
  const rows: Float32Array[] = [];
  for (const { row } of accumulators) rows[row] ??= taskVector(block, row);
  return rows;
}

/** Collects magnitudes of task vectors: one pass over a model for all its windows. */
function collectOwn(block: Block, accumulators: readonly KeysAccumulator[]): void {
  const ranges = new Map<number, KeysInRange[]>();
  for (const { row, keys, counts, window } of accumulators) {
    const range = { keys, counts, low: window.low, high: window.high };
    ranges.set(row, [...(ranges.get(row) ?? []), range]);
  }
  const stored = block.bfloat16;
  for (const [model, into] of ranges) {
    if (stored !== undefined) block.kernels.collectDistances(stored.model(model), stored.base(), into);
    else block.kernels.collectDistances(block.models[model] as Float32Array, block.base, into);
  }
}

function isOfKeys(accumulator: WindowAccumulator): accumulator is KeysAccumulator {
  return accumulator.kind === 'keys';
}

/** The least value that any window of a row looks at, per row; 0 where it looks at bins, which count all values. */
function leastValues(accumulators: readonly WindowAccumulator[], absolute: boolean): number[] {
  const least: number[] = [];
  for (const { kind, row, window } of accumulators) {
    const value = kind === 'keys' ? valueOfKey(window.low, absolute) : 0;
    least[row] = Math.min(value, least[row] ?? Number.POSITIVE_INFINITY);
  }
  return least;
}

interface RowWindow {
  row: number;
  window: Window;
}

/** Targets of one row that look at the same window share its counts. */
function distinctWindows(state: State): RowWindow[] {
  const found: RowWindow[] = [];
  for (const { row, window, value } of state.targets) {
    if (value === undefined && !found.some((other) => sameWindow(other, { row, window }))) found.push({ row, window });
  }
  return found;
}

function windowIndex(windows: readonly RowWindow[], target: RowWindow): number {
  return windows.findIndex((window) => sameWindow(window, target));
}

function sameWindow(a: RowWindow, b: RowWindow): boolean {
  if (a.row !== b.row || a.window.kind !== b.window.kind || a.window.low !== b.window.low) return false;
  if (a.window.kind === 'bins') return a.window.shift === (b.window as { shift: number }).shift;
  return a.window.high === (b.window as { high: number }).high;
}

function openWindow({ row, window }: RowWindow, memory: AccumulatorMemory): WindowAccumulator {
  if (window.kind === 'bins') return { kind: 'bins', window, row, below: 0, bins: memory.uint32(BINS) };
  // Keys of one and the same value need counting only.
  const capacity = isOneValue(window) ? 0 : Math.min(window.most, COLLECTED_KEYS);
  return { kind: 'keys', window, row, keys: memory.room32(capacity), counts: memory.uint32(2) };
}

function closeWindow(accumulator: WindowAccumulator): WindowCount {
  if (accumulator.kind === 'bins') {
    return { kind: 'bins', below: accumulator.below, bins: accumulator.bins.slice() };
  }
  const [below = 0, inside = 0] = accumulator.counts;
  return { kind: 'keys', below, inside, keys: [accumulator.keys.slice(0, inside)], most: accumulator.window.most };
}

function buffersOf(count: WindowCount): ArrayBuffer[] {
  return (count.kind === 'bins' ? [count.bins] : count.keys).map(({ buffer }) => buffer as ArrayBuffer);
}

function addCounts(left: WindowCount, right: WindowCount): WindowCount {
  const below = left.below + right.below;
  if (left.kind === 'keys' && right.kind === 'keys') {
    const inside = left.inside + right.inside;
    // Keys that are not all there prove nothing, and would only take room.
    if (inside > left.most) return { ...left, below, inside, keys: [] };
    left.keys.push(...right.keys);
    return { ...left, below, inside };
  }
  if (left.kind !== 'bins' || right.kind !== 'bins') throw new Error('counts of different windows');
  const bins = left.bins instanceof Float64Array ? left.bins : new Float64Array(left.bins);
  for (let i = 0; i < bins.length; i++) bins[i] = (bins[i] as number) + (right.bins[i] as number);
  return { kind: 'bins', below, bins };
}

/** Takes a target one step further: its value, or the next window to look at. */
function resolve(target: Target, count: WindowCount, absolute: boolean): Target {
  const select = (key: number): Target => ({ ...target, value: valueOfKey(key, absolute) });
  const position = target.rank - count.below;
  if (count.kind === 'keys') {
    const within = position >= 0 && position < count.inside;
    if (within && isOneValue(target.window)) return select(target.window.low);
    const stored = count.keys.reduce((sum, keys) => sum + keys.length, 0);
    const proven = within && stored === count.inside;
    return proven ? select(keyAt(count.keys, position, target.window as KeysWindow)) : { ...target, window: WHOLE };
  }
  const window = target.window as BinsWindow;
  const bin = binAt(count.bins, position);
  // Only a window that a sample guessed can miss.
  if (bin === undefined) return { ...target, window: WHOLE };
  const low = window.low + bin * 2 ** window.shift;
  if (window.shift === 0) return select(low);
  return { ...target, window: { kind: 'bins', low, shift: 0 } };
}
