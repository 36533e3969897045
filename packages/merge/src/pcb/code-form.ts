import type { Block, Group, MagnitudeBounds, MethodProgram, ParameterValues } from '@hubfuse/plugin';
import { orderStatistics } from '../statistics/order-statistics.ts';
import { modelNumbers, taskVectors } from '../statistics/task-vectors.ts';
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
    rows: (block) => taskVectors(block),
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
    ranks: (group: Group) => {
      const rank = thresholdRank(group.length, group.parameters.global.ratio as number);
      return Array.from({ length: models }, () => [rank, group.length - 1]);
    },
  });
  return {
    scope,
    sweeps: [bounds, thresholds],
    write(block, [limits, selected]) {
      const rows = boundsOf(limits);
      const lambdas = modelNumbers(block, 'lambda');
      const computed = balances(block, { form, limits: rows });
      const sums = { numerator: block.scratch(), denominator: block.scratch() };
      block.kernels.fill(sums.numerator, 0);
      block.kernels.fill(sums.denominator, 0);
      computed.taus.forEach((tau, i) => {
        const [threshold = 0, highest = 0] = (selected as number[][])[i] ?? [];
        block.kernels.pcb.clampMagnitude(tau, tau, rows[i] as MagnitudeBounds);
        block.kernels.pcb.accumulateWeighted(sums, tau, computed.balances[i] as Float32Array, {
          threshold,
          inverse: highest > threshold ? 1 / (highest - threshold) : 0,
          lambda: lambdas[i] as number,
        });
      });
      block.kernels.pcb.finishQuotient(block.out, block.base, sums, LEAST_DENOMINATOR);
    },
  };
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
  const taus = taskVectors(block);
  const count = taus.length;
  // exp(N u^2) is centred on its exponent's range, so that it neither overflows nor vanishes in float32; the constant
  // leaves the result when the balance is scaled between its threshold and its maximum.
  const intra = { count, shift: count / 2 };
  if (form === 'vision-search') {
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
  const terms =
    form === 'vision' ? taus.map((tau, i) => signedNormalised(block, tau, limits[i] as MagnitudeBounds)) : taus;
  const total = block.scratch();
  kernels.weightedSum(
    total,
    terms,
    terms.map(() => 1),
  );
  const rows = taus.map((tau, i) => {
    const row = block.scratch();
    kernels.pcb.balance(row, tau, total, { ...(limits[i] as MagnitudeBounds), ...intra });
    return row;
  });
  return { taus, balances: rows };
}

function signedNormalised(block: Block, tau: Float32Array, bounds: MagnitudeBounds): Float32Array {
  const row = block.scratch();
  block.kernels.pcb.signedNormalised(row, tau, bounds);
  return row;
}
