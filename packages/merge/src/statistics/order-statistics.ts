import {
  type AccumulatorMemory,
  type Block,
  defineSweep,
  type Group,
  type KeysInRange,
  type Sweep,
  type SweepEntries,
} from '@hubfuse/plugin';
import { BLOCK_ELEMENTS, RUN_BLOCKS } from '../execute/units.ts';
import { highestKey, keyOfMagnitude, valueOfKey } from './order-keys.ts';
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

/**
 * Which keys a pass looks at for one target: bins of equal width, or the keys of a range themselves, of which all runs together may
 * collect `most`.
 */
type Window = { kind: 'bins'; low: number; shift: number } | { kind: 'keys'; low: number; high: number; most: number };

/** The keys of zero and minus zero, by whether magnitudes are ordered: the one value that whole tensors may share. */
const ZERO_KEYS = { magnitude: { low: 0, high: 0 }, signed: { low: 0x7fffffff, high: 0x80000000 } } as const;

function isOneValue(window: Window): boolean {
  if (window.kind !== 'keys') return false;
  return Object.values(ZERO_KEYS).some(({ low, high }) => low === window.low && high === window.high);
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
  window: Window & { kind: 'bins' };
  row: number;
  below: number;
  bins: Uint32Array;
}
interface KeysAccumulator {
  kind: 'keys';
  window: Window & { kind: 'keys' };
  row: number;
  keys: Uint32Array;
  counts: Uint32Array;
}
type WindowAccumulator = BinsAccumulator | KeysAccumulator;

/** What one run of blocks, or several, found in one window. */
type WindowCount =
  | { kind: 'bins'; below: number; bins: Uint32Array | Float64Array }
  | { kind: 'keys'; below: number; inside: number; keys: Uint32Array[]; most: number };

const COARSE_SHIFT = 16;
const BINS = 1 << 16;
/**
 * Keys that one run may collect for a window; a window that holds more is resolved by bins instead. Far more than a sample expects:
 * what fine-tunes have moved may lie in a few tensors.
 */
const COLLECTED_KEYS = 1 << 19;
const RUN_ELEMENTS = BLOCK_ELEMENTS * RUN_BLOCKS;
/** Groups up to this size are collected whole: clearing bins would cost more than sorting. */
const SMALL_GROUP = 1 << 14;
/** Equal parts of their range in which collected keys are counted before some of them are sorted. */
const SELECTION_PARTS = 1 << 12;
/** Keys of a range up to this spread over its parts; those of a larger one may all lie in a few. */
const NARROW_KEYS = 1 << 24;
/** A bracket spans this many standard deviations of the sampled rank to each side, and this share of the sample. */
const BRACKET_DEVIATIONS = 8;
const BRACKET_SHARE = 1e-4;
/** Ranks within this share of the values count as near an end, where values of alike rows differ by less than this share. */
const END_SHARE = 0.01;
const END_CHANGE = 0.4;
/** Thresholds below this are too near to denormal numbers for bounds of values to hold. */
export const LEAST_SKIPPED = 1e-30;
/** The high halves of all keys. */
const WHOLE: Window = { kind: 'bins', low: 0, shift: COARSE_SHIFT };

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
        return { ...target, window: bracket(count, { rank: target.rank, share, absolute }) ?? target.window };
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
  const whole: Window =
    group.length <= SMALL_GROUP ? { kind: 'keys', low: 0, high: highestKey(absolute), most: SMALL_GROUP } : WHOLE;
  return ranks(group).flatMap((ranks, row) => ranks.map((rank): Target => ({ row, rank, window: whole })));
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
        return {
          ...target,
          window: (near === undefined ? undefined : windowAround(near, target, group)) ?? target.window,
        };
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
  for (const [model, into] of ranges) {
    block.kernels.collectDistances(block.models[model] as Float32Array, block.base, into);
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

/**
 * Where a rank near the lowest or the highest magnitude of a large group may lie if its value is near another: beyond that end few
 * keys are found, so that the window may be wide. Undefined for other ranks, which a sample places better.
 */
function windowAround(near: number, { rank }: Target, { length }: Group): Window | undefined {
  if (length <= SMALL_GROUP) return undefined;
  const most = COLLECTED_KEYS;
  const place = rank / (length - 1);
  if (place <= END_SHARE) return { kind: 'keys', low: 0, high: keyOfMagnitude(near * (1 + END_CHANGE)), most };
  if (place < 1 - END_SHARE) return undefined;
  return { kind: 'keys', low: keyOfMagnitude(near * (1 - END_CHANGE)), high: highestKey(true), most };
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
  const bins = left.bins instanceof Float64Array ? left.bins : Float64Array.from(left.bins);
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
    return proven
      ? select(keyAt(count.keys, position, target.window as Window & { kind: 'keys' }))
      : { ...target, window: WHOLE };
  }
  const window = target.window as Window & { kind: 'bins' };
  const bin = binAt(count.bins, position);
  // Only a window that a sample guessed can miss.
  if (bin === undefined) return { ...target, window: WHOLE };
  const low = window.low + bin * 2 ** window.shift;
  if (window.shift === 0) return select(low);
  return { ...target, window: { kind: 'bins', low, shift: 0 } };
}

/**
 * The key at `position` (from 0) of all keys in ascending order: narrowed to one part of the range, which is sorted. Millions of keys:
 * loops over indices, since iterators of typed arrays are slow until they are compiled.
 */
function keyAt(parts: readonly Uint32Array[], position: number, range: { low: number; high: number }): number {
  const { low, high } = range.high - range.low > NARROW_KEYS ? extentOf(parts) : range;
  const scale = SELECTION_PARTS / (high - low + 1);
  const counts = new Uint32Array(SELECTION_PARTS);
  for (const keys of parts) {
    for (let i = 0; i < keys.length; i++) {
      const part = Math.floor(((keys[i] as number) - low) * scale);
      counts[part] = (counts[part] as number) + 1;
    }
  }
  const wanted = binAt(counts, position) as number;
  let before = 0;
  for (let part = 0; part < wanted; part++) before += counts[part] as number;
  const candidates = new Uint32Array(counts[wanted] as number);
  let to = 0;
  for (const keys of parts) {
    for (let i = 0; i < keys.length && to < candidates.length; i++) {
      const key = keys[i] as number;
      if (Math.floor((key - low) * scale) === wanted) candidates[to++] = key;
    }
  }
  return candidates.sort()[position - before] as number;
}

function extentOf(parts: readonly Uint32Array[]): { low: number; high: number } {
  let low = 0xffffffff;
  let high = 0;
  for (const keys of parts) {
    for (let i = 0; i < keys.length; i++) {
      const key = keys[i] as number;
      if (key < low) low = key;
      if (key > high) high = key;
    }
  }
  return { low, high };
}

/** The bin in which the value at `position` (from 0) lies, or undefined where it lies in none. */
function binAt(bins: ArrayLike<number>, position: number): number | undefined {
  if (position < 0) return undefined;
  let seen = 0;
  for (let bin = 0; bin < bins.length; bin++) {
    seen += bins[bin] as number;
    if (position < seen) return bin;
  }
  return undefined;
}

/**
 * The window in which a sample places a target: the keys of a range, or, where a run would find too many keys in it to
 * collect, zero alone or bins. Undefined where neither can settle it in one pass.
 */
function bracket(
  count: WindowCount & { kind: 'bins' },
  { rank, share, absolute }: { rank: number; share: number; absolute: boolean },
): Window | undefined {
  const { bins } = count;
  let sampled = 0;
  // By index: iterators of typed arrays are slow until they are compiled.
  for (let bin = 0; bin < bins.length; bin++) sampled += bins[bin] as number;
  const expected = Math.min(rank * share, sampled - 1);
  const q = Math.max(0, expected / sampled);
  const slack = BRACKET_DEVIATIONS * (Math.sqrt(sampled * q * (1 - q)) + 1) + BRACKET_SHARE * sampled;
  const first = expected - slack <= 0 ? 0 : (binAt(count.bins, Math.floor(expected - slack)) ?? 0);
  const last = binAt(count.bins, Math.ceil(expected + slack)) ?? count.bins.length - 1;
  let inside = 0;
  for (let bin = first; bin <= last; bin++) inside += count.bins[bin] as number;
  const low = first * 2 ** COARSE_SHIFT;
  if (2 * (inside / sampled) * RUN_ELEMENTS <= COLLECTED_KEYS) {
    const high = (last + 1) * 2 ** COARSE_SHIFT - 1;
    return { kind: 'keys', low, high, most: Math.ceil((2 * inside) / share) + COLLECTED_KEYS };
  }
  // Too many keys to collect: either they are all zero (weights that no fine-tune moved), or bins tell them apart.
  const zero = ZERO_KEYS[absolute ? 'magnitude' : 'signed'];
  const end = (last + 1) * 2 ** COARSE_SHIFT - 1;
  if (low <= zero.high && end >= zero.low) return { kind: 'keys', ...zero, most: 0 };
  return first === last ? { kind: 'bins', low, shift: 0 } : undefined;
}
