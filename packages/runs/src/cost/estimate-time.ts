import type { PricedMachine } from '@hubfuse/plugin';
import { dtypeBytes } from '@hubfuse/tensors';
import { isDivisibleRun } from '../children/is-divisible-run.ts';
import { isSharedMerge, isSharedSearch, untilShared } from '../children/shared-steps.ts';
import type { PhaseName } from '../phase.ts';
import { publishTargets } from '../publication/publish-targets.ts';
import type { RunPlan } from '../run-plan.ts';
import { exactly, longer, NOTHING, type Range, scaled, sumOf } from './range.ts';
import {
  AVERAGING,
  BYTES_PER_TOKEN,
  HASHING,
  mergingOf,
  OPENING,
  PINNING,
  RACED_SHARE,
  SCORING,
  SOLVING,
  type Throughput,
  TRANSFER_SPREAD,
  WRITING,
} from './throughput.ts';

const GB = 1e9;
/** Files do not divide evenly: a share of the output may need more of the inputs than its share. */
export const SHARE_SPREAD = 1.5;

/** The time that one step is expected to take. Plain data. */
export interface PhaseTime {
  /** `start`: until a machine that is rented does anything. */
  phase: PhaseName | 'start';
  /** Seconds. */
  seconds: Range;
  /** False where part of it rests on an assumption instead of a run that was timed. */
  measured: boolean;
  /** Machines that are paid meanwhile. */
  machines: number;
  /** What it is made of, and how that is known. */
  note: string;
}

/** The time that a run is expected to take. Plain data. */
export interface TimeEstimate {
  machine: string;
  /** Machines that work together until what they share is done. */
  machines: number;
  phases: readonly PhaseTime[];
  /** Seconds in all. */
  seconds: Range;
  /** Steps whose time is not known beforehand and not part of the sum, and why. */
  unknown: readonly { phase: PhaseName; reason: string }[];
}

/** What the estimate reads of a plan. */
export type TimedPlan = Pick<
  RunPlan,
  'recipe' | 'phases' | 'models' | 'data' | 'merge' | 'statistics' | 'search' | 'bytes'
>;

type Estimated = Omit<PhaseTime, 'phase' | 'machines'>;

/** A kind of machine, and how many of them share a run. */
type Machines = PricedMachine & { count: number };

/**
 * The time that a plan takes on a machine, or on several that share it, from what was measured of this code: transfers, kernels,
 * scoring.
 */
export function estimateTime(plan: TimedPlan, kind: PricedMachine, machines = 1): TimeEstimate {
  const machine = { ...kind, count: machines };
  const found: (Estimated & { phase: PhaseTime['phase'] })[] = [];
  const unknown: { phase: PhaseName; reason: string }[] = [];
  if (machine.startSeconds > 0) {
    const { startSeconds } = machine;
    const seconds = { low: startSeconds / 3, expected: startSeconds, high: startSeconds * 3 };
    found.push({
      phase: 'start',
      seconds,
      measured: false,
      note: 'an assumption: a machine and its image, before the run begins',
    });
  }
  for (const phase of ['resolve', ...plan.phases] as const) {
    const estimated = estimatePhase(phase, plan, machine);
    if (typeof estimated === 'string') unknown.push({ phase, reason: estimated });
    else found.push({ phase, ...estimated });
  }
  const shared = untilShared(found).length;
  const phases = found.map((one, index) => ({ ...one, machines: index < shared ? machines : 1 }));
  return { machine: machine.name, machines, phases, seconds: sumOf(phases.map(({ seconds }) => seconds)), unknown };
}

/** Seconds of a phase, or why nobody knows them yet. */
function estimatePhase(phase: PhaseName, plan: TimedPlan, machine: Machines): Estimated | string {
  switch (phase) {
    case 'resolve':
      return assumed(scaled(PINNING, plan.models.filter(({ kind }) => kind === 'hub').length), PINNING.basis);
    case 'fetch':
      return fetchesParts(plan, machine)
        ? assumed(NOTHING, 'each machine fetches what its share of the merge reads, when it merges')
        : transfer(plan.bytes.download, machine, 'download');
    case 'gather':
      return gathering(plan, machine);
    case 'search':
      return searching(plan, machine);
    case 'merge':
      return mergingFound(plan, machine);
    case 'evaluate':
      return evaluating(plan, machine);
    case 'gate':
      return { seconds: exactly(1), measured: true, note: 'a bootstrap over scores that are there' };
    case 'assemble':
      return measuredBy(
        scaled(sumOf([WRITING, HASHING]), plan.bytes.output / GB),
        'files for transformers.js and their checksums',
        WRITING,
      );
    case 'publish':
      return transfer(plan.bytes.output * publishTargets(plan.recipe).length, machine, 'upload');
  }
}

function transfer(bytes: number, { networkBytesPerSecond: rate }: PricedMachine, what: string): Estimated {
  const seconds = bytes / rate;
  const moved = { low: seconds / TRANSFER_SPREAD, expected: seconds, high: seconds * TRANSFER_SPREAD };
  return assumed(
    sumOf([moved, scaled(HASHING, bytes / GB)]),
    `${what} at ${Math.round(rate / 1e6)} MB/s, which is an assumption, and SHA-256, which was measured`,
  );
}

/** Whether machines that share a merge fetch no more than their shares. */
function fetchesParts(plan: TimedPlan, { count }: Machines): boolean {
  return count > 1 && isDivisibleRun(plan);
}

/** Seconds of the merge: by one machine, or by several, of which one puts together what all have written. */
function merging(plan: TimedPlan, machine: Machines): Estimated {
  if (machine.count === 1 || !isSharedMerge(plan)) return mergeTime(plan, machine);
  const { count } = machine;
  const written = plan.merge.totals.writeBytes;
  const part = mergeTime(plan, machine, count);
  const fetched = fetchesParts(plan, machine) ? plan.bytes.download * Math.min(1, SHARE_SPREAD / count) : 0;
  const moved = transfer(fetched + written / count + written, machine, 'parts').seconds;
  return assumed(
    sumOf([part.seconds, moved, scaled(WRITING, written / GB)]),
    `${part.note}; shared by ${count} machines, each of which fetches and writes its share; one puts all together`,
  );
}

/** Seconds of the merge by itself, or of one of several equal shares of it. */
export function mergeTime(
  { merge }: Pick<TimedPlan, 'merge'>,
  { vcpus }: Pick<PricedMachine, 'vcpus'>,
  shares = 1,
): Estimated {
  const parts = kernelParts(merge);
  const processor = sumOf(parts.map(({ seconds }) => seconds));
  const seconds = longer(
    scaled(processor, 1 / (vcpus * shares)),
    scaled(WRITING, merge.totals.writeBytes / GB / shares),
  );
  const told = parts.map(({ what, throughput }) => `${what} (${throughput.basis})`).join('; ');
  return { seconds, measured: parts.every(({ throughput }) => throughput.measured), note: told };
}

/** Processor seconds of each kernel that a merge runs. */
function kernelParts(merge: TimedPlan['merge']): { what: string; seconds: Range; throughput: Throughput }[] {
  const scope = merge.parameters.scope;
  let [byMethod, averaged, operations] = [0, 0, 0];
  for (const { linear, rule, parts, base, length } of merge.tensors) {
    const inputs = [...(base === undefined ? [] : [base]), ...parts];
    const bytes = inputs.reduce((sum, { dtype }) => sum + length * dtypeBytes(dtype), 0);
    if (linear !== undefined) operations += solvingOperations(linear, parts.length);
    if (rule === 'method' && linear === undefined && merge.method !== 'regmean') byMethod += bytes;
    else averaged += bytes;
  }
  const method = mergingOf(merge.method, scope);
  return [
    { what: merge.method, bytes: byMethod, throughput: method },
    { what: 'averaging and copying', bytes: averaged, throughput: AVERAGING },
  ]
    .filter(({ bytes }) => bytes > 0)
    .map(({ what, bytes, throughput }) => ({ what, throughput, seconds: scaled(throughput, bytes / GB) }))
    .concat(
      operations === 0
        ? []
        : [{ what: 'layers solved whole', throughput: SOLVING, seconds: scaled(SOLVING, operations / GB) }],
    );
}

/** A product for each model, a Cholesky factor and two triangular solutions. */
function solvingOperations({ inputs, outputs }: { inputs: number; outputs: number }, models: number): number {
  return models * 2 * inputs ** 2 * outputs + inputs ** 3 / 3 + 2 * inputs ** 2 * outputs;
}

function gathering({ statistics = [] }: TimedPlan, machine: PricedMachine): Estimated {
  const found = statistics.reduce((sum, one) => sum + (one.found?.size ?? 0), 0);
  const seconds = statistics.reduce((sum, { gather }) => sum + (gather?.seconds ?? 0), 0);
  const moved = found === 0 ? NOTHING : transfer(found, machine, 'download').seconds;
  return assumed(
    sumOf([gatheringRange(seconds), moved]),
    'passes of each model over its calibration data, whose length is told from the size of the file',
  );
}

/** Models that are scored beside the merged one, at most: what is known of them already is not scored again. */
function scoredModels({ recipe, models, merge }: TimedPlan): number {
  const names = recipe.publish?.gate?.names ?? [];
  const extra = names.filter((name) => name === 'average').length;
  return 1 + models.length + extra + (merge.tasks?.length ?? 0);
}

function evaluating(plan: TimedPlan, machine: PricedMachine): Estimated | string {
  const tokens = tokensOf(plan, ['dev', 'test']);
  if (tokens === undefined) return 'the size of its data is not known yet';
  const count = scoredModels(plan);
  const seconds = scaled(scoringSeconds(plan, tokens, machine), count);
  return measuredBy(seconds, `${count} ${count === 1 ? 'model' : 'models'}, scored on processors`, SCORING);
}

/** Seconds of one model over so many tokens. */
function scoringSeconds({ merge }: TimedPlan, tokens: Range, { vcpus }: PricedMachine): Range {
  const operations = 2 * matrixElements(merge);
  const perToken = scaled(SCORING, operations / GB / vcpus);
  return sumOf([
    OPENING,
    {
      low: perToken.low * tokens.low,
      expected: perToken.expected * tokens.expected,
      high: perToken.high * tokens.high,
    },
  ]);
}

/** Elements of the matrices that every token is multiplied by: a table of embeddings is looked up. */
export function matrixElements({ tensors }: Pick<TimedPlan['merge'], 'tensors'>): number {
  return tensors
    .filter(({ name, shape }) => shape.length === 2 && !/embed|(^|\.)w[tp]e\./.test(name))
    .reduce((sum, { length }) => sum + length, 0);
}

/** Tokens of the data of some splits; undefined where the size of a file is not known. */
function tokensOf({ data }: Pick<TimedPlan, 'data'>, splits: readonly ('dev' | 'test')[]): Range | undefined {
  let bytes = 0;
  for (const { split, size } of data) {
    if (!splits.includes(split)) continue;
    if (size === undefined) return undefined;
    bytes += size;
  }
  const { low, expected, high } = BYTES_PER_TOKEN;
  return { low: bytes / low, expected: bytes / expected, high: bytes / high };
}

function searching(plan: TimedPlan, machine: Machines): Estimated | string {
  const { search, recipe } = plan;
  if (search === undefined) return 'what it does is not known yet';
  const limit = (recipe.evolve?.budget ?? recipe.search?.budget)?.seconds;
  const tokens = tokensOf(plan, ['dev']);
  if (tokens === undefined) return 'the size of its data is not known yet';
  if (!Number.isFinite(search.candidates) && limit === undefined) return 'it ends by its examples';
  const scored = scoringSeconds(plan, tokens, machine);
  const built = mergeTime(plan, machine).seconds;
  const first = scaled(sumOf([built, scored]), search.initial);
  const each = sumOf([
    built,
    refreshing(plan),
    { low: scored.low * RACED_SHARE.low, expected: scored.expected * RACED_SHARE.expected, high: scored.high },
  ]);
  const all = Number.isFinite(search.candidates)
    ? sumOf([first, scaled(each, search.candidates / (isSharedSearch(plan) ? machine.count : 1))])
    : exactly(limit ?? 0);
  const seconds = limit === undefined ? all : shorter(all, limit);
  const most = Number.isFinite(search.candidates)
    ? `at most ${search.candidates} candidates`
    : 'candidates until its time is over';
  return assumed(
    seconds,
    `${most}, each built and scored; racing is expected to score half of the examples (${RACED_SHARE.basis})`,
  );
}

/** The merge of what was found, for which models that have evolved are measured once more. */
function mergingFound(plan: TimedPlan, machine: Machines): Estimated {
  const merged = merging(plan, machine);
  const { refresh, candidates = 0 } = plan.search ?? {};
  if (refresh === undefined) return merged;
  const seconds = sumOf([merged.seconds, scaled(refreshing(plan), refresh.gatherings - candidates)]);
  return assumed(seconds, `${merged.note}; passes of each evolved model over its calibration data`);
}

/** Seconds of measuring one model that has evolved; none where statistics stay those of the originals. */
function refreshing({ search }: Pick<TimedPlan, 'search'>): Range {
  return gatheringRange(search?.refresh?.seconds ?? 0);
}

/** Passes over data whose length is told from the size of a file. */
function gatheringRange(seconds: number): Range {
  return { low: seconds / 2, expected: seconds, high: seconds * 4 };
}

/** Seconds before a search has chosen anything: its starting points, which nothing can spare. */
export function searchStartSeconds(plan: TimedPlan, machine: PricedMachine): Range {
  const tokens = tokensOf(plan, ['dev']);
  if (plan.search === undefined || tokens === undefined) return NOTHING;
  return scaled(sumOf([mergeTime(plan, machine).seconds, scoringSeconds(plan, tokens, machine)]), plan.search.initial);
}

function shorter({ low, expected, high }: Range, most: number): Range {
  return { low: Math.min(low, most), expected: Math.min(expected, most), high: Math.min(high, most) };
}

function assumed(seconds: Range, note: string): Estimated {
  return { seconds, measured: false, note };
}

function measuredBy(seconds: Range, what: string, { basis, measured }: Throughput): Estimated {
  return { seconds, measured, note: `${what} (${basis})` };
}
