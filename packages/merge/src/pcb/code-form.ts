import type {
  Block,
  CompetingRows,
  Group,
  MagnitudeBounds,
  MethodProgram,
  ParameterValues,
  QuotientRows,
} from '@hubfuse/plugin';
import { LEAST_SKIPPED, orderStatistics } from '../statistics/order-statistics.ts';
import { isUnmoved, modelNumbers, storedRows, taskVectors } from '../statistics/task-vectors.ts';
import { type CodeForm, thresholdRank } from './forms.ts';

/** The authors' floor of the sum of weights. */
const LEAST_DENOMINATOR = 1e-12;

/** The four forms of the authors' code. They differ in the second factor of the balance and in the default clamp. */
export function codeProgram(options: {
  form: CodeForm;
  scope: 'tensor' | 'model';
  models: number;
  clamp: number;
  modelParameters: readonly ParameterValues[];
}): MethodProgram {
  const { form, scope, clamp, models } = options;
  const bounds = orderStatistics({
    name: 'clamping bounds of the magnitudes',
    absolute: true,
    taskVectors: true,
    ranks: ({ length }) => {
      const low = Math.trunc(length * clamp);
      const high = Math.max(0, Math.trunc(length * (1 - clamp) - 1));
      return Array.from({ length: models }, () => [Math.min(low, length - 1), high]);
    },
  });
  const thresholds = orderStatistics({
    name: 'thresholds of the balance',
    absolute: false,
    rows: (block, [limits]) => balances(block, { form, limits: boundsOf(limits) }).balances,
    ...(form === 'vision-search'
      ? {}
      : {
          rowsAtLeast: (block: Block, [limits]: readonly unknown[], least: readonly number[]) =>
            competitors(block, { form, limits: boundsOf(limits), least }),
        }),
    ranks: (group: Group) => {
      const rank = thresholdRank(group.length, group.parameters.global.ratio as number);
      return Array.from({ length: models }, () => [rank, group.length - 1]);
    },
  });
  return {
    scope,
    sweeps: [bounds, thresholds],
    ...(fuses(form) && scope === 'model' ? { notes: NOTES_PER_MODEL * models } : {}),
    write(block, [limits, selected]) {
      const rows = boundsOf(limits);
      const lambdas = modelNumbers(block, 'lambda');
      const competitions = rows.map((bounds, i): Competition => {
        const [threshold = 0, highest = 0] = (selected as number[][])[i] ?? [];
        const inverse = highest > threshold ? 1 / (highest - threshold) : 0;
        return { bounds, threshold, inverse, lambda: lambdas[i] as number };
      });
      // Below a threshold above zero there is no weight: most balances then need not be computed.
      const skips = form !== 'vision-search' && competitions.every(({ threshold }) => threshold > LEAST_SKIPPED);
      if (skips && fuses(form)) {
        const floor = LEAST_DENOMINATOR;
        const left = block.notes?.content as Noted | undefined;
        if (left?.least.every((least, i) => least <= (competitions[i] as Competition).threshold) === true) {
          const { noted } = left;
          const notes = block.notes?.room ?? NOTHING;
          // The models are not looked at, so that nobody reads them.
          const work = block.scratch(block.kernels.pcb.workOf(noted.length));
          const options = { notes, noted, bounds: rows, floor, competitions, work };
          block.kernels.pcb.mergeNoted(block.out, block.base, options);
          return;
        }
        block.kernels.pcb.mergeCompetitors(block.out, competing(block, rows), {
          ...centred(models),
          floor,
          competitions,
        });
        return;
      }
      const sums = { numerator: block.scratch(), denominator: block.scratch() };
      block.kernels.fill(sums.numerator, 0);
      block.kernels.fill(sums.denominator, 0);
      if (skips) accumulateCompetitors(block, { form, sums, competitions });
      else if (!isUnmoved(block)) accumulateAll(block, { form, sums, competitions });
      block.kernels.pcb.finishQuotient(block.out, block.base, sums, LEAST_DENOMINATOR);
    },
  };
}

/** What decides the weights of one task vector. */
interface Competition {
  bounds: MagnitudeBounds;
  threshold: number;
  inverse: number;
  lambda: number;
}

interface Accumulation {
  form: CodeForm;
  sums: QuotientRows;
  competitions: readonly Competition[];
}

/** Adds the weighted vectors of a block and their weights, from the balance of every value. */
function accumulateAll(block: Block, { form, sums, competitions }: Accumulation): void {
  const computed = balances(block, { form, limits: competitions.map(({ bounds }) => bounds) });
  computed.taus.forEach((tau, i) => {
    const competition = competitions[i] as Competition;
    block.kernels.pcb.clampMagnitude(tau, tau, competition.bounds);
    block.kernels.pcb.accumulateWeighted(sums, tau, computed.balances[i] as Float32Array, competition);
  });
}

/** The same from the values that may reach their threshold. */
function accumulateCompetitors(block: Block, { form, sums, competitions }: Accumulation): void {
  const { taus, total } = totals(block, { form, limits: competitions.map(({ bounds }) => bounds) });
  taus.forEach((tau, i) => {
    const { bounds, ...competition } = competitions[i] as Competition;
    block.kernels.pcb.accumulateCompetitors(sums, tau, total, { ...bounds, ...centred(taus.length), ...competition });
  });
}

/** Per model the balances over a block that may be at least `least`. */
function competitors(
  block: Block,
  { form, limits, least }: { form: CodeForm; limits: readonly MagnitudeBounds[]; least: readonly number[] },
): Float32Array[] {
  const rows = fuses(form) ? storedRows(block) : block;
  if (isUnmoved(rows)) {
    leave(block, { noted: limits.map(() => 0), least: [...least] });
    return limits.map(() => new Float32Array(0));
  }
  if (fuses(form)) {
    const outs = rows.models.map(() => block.scratch());
    const competing = { base: rows.base, models: rows.models, bounds: limits, work: roomOf(block, outs.length) };
    const { found, noted } = block.kernels.pcb.modelCompetitors(outs, competing, {
      ...{ ...centred(outs.length), least },
      notes: block.notes?.room,
    });
    leave(block, noted && { noted, least: [...least] });
    return outs.map((row, i) => row.subarray(0, found[i]));
  }
  const { taus, total } = totals(block, { form, limits });
  return taus.map((tau, i) => {
    const row = block.scratch();
    const bounds = limits[i] as MagnitudeBounds;
    const options = { ...bounds, ...centred(taus.length), least: least[i] as number };
    return row.subarray(0, block.kernels.pcb.competitors(row, tau, total, options));
  });
}

/**
 * Place, task vector and balance of each competitor, for a quarter of the values: the usual ratios keep less, and where there are
 * more they are found again.
 */
const NOTES_PER_MODEL = 0.75;

/** What a sweep has left of a block: how many competitors of each model, and what each of them may reach at least. */
interface Noted {
  noted: readonly number[];
  least: readonly number[];
}

const NOTHING = new Float32Array(0);

/** Leaves what was noted of a block, and no more room than it takes. */
function leave({ notes, kernels }: Block, content: Noted | undefined): void {
  if (notes === undefined) return;
  notes.content = content;
  if (notes.cut === undefined) return;
  const { room } = notes;
  notes.cut(room === undefined || content === undefined ? 0 : kernels.pcb.packNotes(room, content.noted));
}

/** Whether one kernel may do all models of a block: where what they are multiplied by is the sum of their task vectors. */
function fuses(form: CodeForm): boolean {
  return form === 'reference' || form === 'language';
}

function competing(block: Block, bounds: readonly MagnitudeBounds[]): CompetingRows {
  return { base: block.base, models: block.models, bounds, work: roomOf(block, block.models.length) };
}

function roomOf(block: Block, models: number): Float32Array {
  return block.scratch(block.kernels.pcb.workOf(models));
}

/** A clamp of a half makes the bounds cross: then the upper one holds for all, as in the authors' code. */
function boundsOf(limits: unknown): MagnitudeBounds[] {
  return (limits as number[][]).map(([low = 0, high = 0]) => ({ low: Math.min(low, high), high }));
}

/** The balance of every model over a block, and the task vectors that it came from. */
function balances(
  block: Block,
  { form, limits }: { form: CodeForm; limits: readonly MagnitudeBounds[] },
): { taus: Float32Array[]; balances: Float32Array[] } {
  const { kernels } = block;
  if (isUnmoved(block)) {
    const zeros = block.scratch();
    kernels.fill(zeros, 0);
    const rows = block.models.map(() => zeros);
    return { taus: rows, balances: rows };
  }
  if (form === 'vision-search') {
    const taus = taskVectors(block);
    const intra = centred(taus.length);
    const normalised = taus.map((tau, i) => signedNormalised(block, tau, limits[i] as MagnitudeBounds));
    const rows = normalised.map((x) => {
      const row = block.scratch();
      kernels.fill(row, 0);
      for (const y of normalised) kernels.pcb.addTanhProduct(row, x, y);
      kernels.pcb.multiplyIntra(row, x, intra);
      return row;
    });
    return { taus, balances: rows };
  }
  const { taus, total } = totals(block, { form, limits });
  const rows = taus.map((tau, i) => {
    const row = block.scratch();
    kernels.pcb.balance(row, tau, total, { ...(limits[i] as MagnitudeBounds), ...centred(taus.length) });
    return row;
  });
  return { taus, balances: rows };
}

/**
 * exp(N u^2) is centred on its exponent's range, so that it neither overflows nor vanishes in float32; the constant
 * leaves the result when the balance is scaled between its threshold and its maximum.
 */
function centred(models: number): { count: number; shift: number } {
  return { count: models, shift: models / 2 };
}

/** The task vectors of a block, and the sum that each is multiplied by in its balance. */
function totals(
  block: Block,
  { form, limits }: { form: CodeForm; limits: readonly MagnitudeBounds[] },
): { taus: Float32Array[]; total: Float32Array } {
  const taus = taskVectors(block);
  const terms =
    form === 'vision' ? taus.map((tau, i) => signedNormalised(block, tau, limits[i] as MagnitudeBounds)) : taus;
  const total = block.scratch();
  block.kernels.weightedSum(
    total,
    terms,
    terms.map(() => 1),
  );
  return { taus, total };
}

function signedNormalised(block: Block, tau: Float32Array, bounds: MagnitudeBounds): Float32Array {
  const row = block.scratch();
  block.kernels.pcb.signedNormalised(row, tau, bounds);
  return row;
}
