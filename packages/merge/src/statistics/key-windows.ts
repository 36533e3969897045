import { BLOCK_ELEMENTS, RUN_BLOCKS } from '../execute/units.ts';
import { binAt } from './key-at.ts';
import { highestKey, keyOfMagnitude } from './order-keys.ts';

/** Order keys counted in bins of equal width. */
export interface BinsWindow {
  kind: 'bins';
  low: number;
  shift: number;
}

/** The order keys of a range themselves, of which all runs together may collect `most`. */
export interface KeysWindow {
  kind: 'keys';
  low: number;
  high: number;
  most: number;
}

/** Which keys a pass looks at for one target. */
export type Window = BinsWindow | KeysWindow;

const COARSE_SHIFT = 16;
/** Bins of a window, one for each value of half a key. */
export const BINS = 1 << 16;
/**
 * Keys that one run may collect for a window; a window that holds more is resolved by bins instead. Far more than a sample expects:
 * what fine-tunes have moved may lie in a few tensors.
 */
export const COLLECTED_KEYS = 1 << 19;
const RUN_ELEMENTS = BLOCK_ELEMENTS * RUN_BLOCKS;
/** Groups up to this size are collected whole: clearing bins would cost more than sorting. */
const SMALL_GROUP = 1 << 14;
/** A bracket spans this many standard deviations of the sampled rank to each side, and this share of the sample. */
const BRACKET_DEVIATIONS = 8;
const BRACKET_SHARE = 1e-4;
/** Ranks within this share of the values count as near an end, where values of alike rows differ by less than this share. */
const END_SHARE = 0.01;
const END_CHANGE = 0.4;

/** The keys of zero and minus zero, by whether magnitudes are ordered: the one value that whole tensors may share. */
const ZERO_KEYS = { magnitude: { low: 0, high: 0 }, signed: { low: 0x7fffffff, high: 0x80000000 } } as const;

/** The high halves of all keys. */
export const WHOLE: BinsWindow = { kind: 'bins', low: 0, shift: COARSE_SHIFT };

/** Whether all keys of a window are those of one value. */
export function isOneValue(window: Window): boolean {
  if (window.kind !== 'keys') return false;
  return Object.values(ZERO_KEYS).some(({ low, high }) => low === window.low && high === window.high);
}

/** What a group of so many values is looked at with where nothing is known of it. */
export function firstWindow(length: number, absolute: boolean): Window {
  if (length > SMALL_GROUP) return WHOLE;
  return { kind: 'keys', low: 0, high: highestKey(absolute), most: SMALL_GROUP };
}

/**
 * Where a rank near the lowest or the highest magnitude of a large group may lie if its value is near another: beyond that end few
 * keys are found, so that the window may be wide. Undefined for other ranks, which a sample places better.
 */
export function windowAround(near: number, { rank, length }: { rank: number; length: number }): Window | undefined {
  if (length <= SMALL_GROUP) return undefined;
  const most = COLLECTED_KEYS;
  const place = rank / (length - 1);
  if (place <= END_SHARE) return { kind: 'keys', low: 0, high: keyOfMagnitude(near * (1 + END_CHANGE)), most };
  if (place < 1 - END_SHARE) return undefined;
  return { kind: 'keys', low: keyOfMagnitude(near * (1 - END_CHANGE)), high: highestKey(true), most };
}

/**
 * The window in which a sample places a rank: the keys of a range, or, where a run would find too many keys in it to
 * collect, zero alone or bins. Undefined where neither can settle it in one pass.
 * @param bins the sample, counted in `WHOLE`
 * @param options.share of all values that the sample is
 */
export function bracket(
  bins: ArrayLike<number>,
  { rank, share, absolute }: { rank: number; share: number; absolute: boolean },
): Window | undefined {
  let sampled = 0;
  // By index: iterators of typed arrays are slow until they are compiled.
  for (let bin = 0; bin < bins.length; bin++) sampled += bins[bin] as number;
  const expected = Math.min(rank * share, sampled - 1);
  const q = Math.max(0, expected / sampled);
  const slack = BRACKET_DEVIATIONS * (Math.sqrt(sampled * q * (1 - q)) + 1) + BRACKET_SHARE * sampled;
  const first = expected - slack <= 0 ? 0 : (binAt(bins, Math.floor(expected - slack)) ?? 0);
  const last = binAt(bins, Math.ceil(expected + slack)) ?? bins.length - 1;
  let inside = 0;
  for (let bin = first; bin <= last; bin++) inside += bins[bin] as number;
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
