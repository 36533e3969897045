import type { LinearLayer, LinearReport, LinearStep } from '@hubfuse/plugin';
import { checkLayer } from './check-layer.ts';
import { meanByDiagonals } from './mean-by-diagonals.ts';
import { forEachPanel, panelRows } from './panels.ts';
import { fillUnusedInputs } from './unused-inputs.ts';

/** Output rows whose residual is taken: enough to tell, few enough to cost nothing. */
const RESIDUAL_ROWS = 64;
/** What the off-diagonals lose where the equations as they stand have no unique solution; 1 leaves the diagonals. */
const DAMPINGS = [0, 1e-10, 1e-9, 1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1];
/** Below this share of its diagonal entry a pivot says that hardly anything is left of an input's own. */
const SMALL_PIVOT = 1e-8;

/** Normal equations of one layer: `left` x = `right` for every row of `right`. */
interface Equations {
  /** inputs x inputs, symmetric. */
  left: Float64Array;
  /** Room for another matrix of that size. */
  room: Float64Array;
  /** outputs x inputs; in the end the solution. */
  right: Float64Array;
  /** By model, the diagonal of its second moments times its coefficient. */
  diagonals: readonly Float64Array[];
}

/** RegMean's step for one linear layer (arXiv 2212.09849), in float64 throughout. */
export function regressionMean({ gram }: { gram: 'mean' | 'sum' }): LinearStep {
  return {
    workspace: ({ inputs, outputs }) =>
      2 * inputs * inputs + (panelRows(outputs) + 2 * Math.min(RESIDUAL_ROWS, outputs)) * inputs,
    check: (layer) => checkLayer(layer, gram),
    merge(layer) {
      const coefficients = coefficientsOf(layer, gram);
      if (layer.parameters.global.alpha === 0) return meanByDiagonals(layer, coefficients);
      return solve(layer, equationsOf(layer, coefficients));
    },
  };
}

function coefficientsOf(layer: LinearLayer, gram: 'mean' | 'sum'): number[] {
  return layer.parameters.models.map(({ weight }, model) => {
    return (weight as number) * (gram === 'sum' ? (layer.rows(model) ?? 0) : 1);
  });
}

/** Sums up both sides, one model at a time. */
function equationsOf(layer: LinearLayer, coefficients: readonly number[]): Equations {
  const { inputs, matrices, out, parameters } = layer;
  const alpha = parameters.global.alpha as number;
  const left = layer.float64(inputs * inputs);
  const room = layer.float64(inputs * inputs);
  out.fill(0);
  const diagonals = coefficients.map((coefficient, model) => {
    const diagonal = new Float64Array(inputs);
    if (coefficient === 0) return diagonal;
    layer.readGram(model, room);
    shrinkOffDiagonals(room, inputs, alpha);
    for (let i = 0; i < inputs; i++) diagonal[i] = coefficient * (room[i * (inputs + 1)] as number);
    matrices.addScaled(left, room, coefficient);
    forEachPanel(layer, model, (weights, from, rows) => {
      const right = out.subarray(from * inputs, (from + rows) * inputs);
      matrices.multiplyAdd(right, weights, room, { rows, inner: inputs, columns: inputs, scale: coefficient });
    });
    return diagonal;
  });
  return { left, room, right: out, diagonals };
}

/** Multiplies everything but the diagonal. */
function shrinkOffDiagonals(matrix: Float64Array, size: number, factor: number): void {
  if (factor === 1) return;
  for (let row = 0; row < size; row++) {
    const diagonal = matrix[row * (size + 1)] as number;
    const end = (row + 1) * size;
    for (let at = row * size; at < end; at++) matrix[at] = (matrix[at] as number) * factor;
    matrix[row * (size + 1)] = diagonal;
  }
}

function solve(layer: LinearLayer, equations: Equations): LinearReport {
  const { inputs, matrices } = layer;
  const { left, room, right } = equations;
  const notes = fillUnusedInputs(layer, left);
  const sample = sampleRows(layer, right);
  // A pivot that is smaller than this share of its diagonal entry is rounding.
  const tolerance = inputs * 2 ** -52;
  for (const damping of DAMPINGS) {
    room.set(left);
    shrinkOffDiagonals(room, inputs, 1 - damping);
    if (matrices.factor(room, inputs, tolerance) >= 0) continue;
    if (damping > 0) {
      dampRight(layer, { ...equations, damping });
      notes.push(`the equations have no unique solution; off-diagonals lowered by ${damping}`);
    } else if (smallestPivot(left, room, inputs) < SMALL_PIVOT) {
      const smallest = smallestPivot(left, room, inputs).toExponential(1);
      notes.push(`ill-conditioned: the smallest pivot is ${smallest} of its diagonal entry`);
    }
    matrices.solve(right, room, inputs);
    break;
  }
  return { residual: residualOf(layer, { left, right, ...sample }), notes };
}

/** Both sides are damped, so that equal models remain the solution. */
function dampRight(layer: LinearLayer, options: Equations & { damping: number }): void {
  const { right, diagonals, damping } = options;
  const { inputs } = layer;
  for (let i = 0; i < right.length; i++) right[i] = (right[i] as number) * (1 - damping);
  diagonals.forEach((diagonal, model) => {
    if (diagonal.every((value) => value === 0)) return;
    forEachPanel(layer, model, (weights, from) => {
      for (let i = 0; i < weights.length; i++) {
        const at = from * inputs + i;
        right[at] = (right[at] as number) + damping * (diagonal[i % inputs] as number) * (weights[i] as number);
      }
    });
  });
}

function smallestPivot(matrix: Float64Array, factor: Float64Array, size: number): number {
  let smallest = Number.POSITIVE_INFINITY;
  for (let i = 0; i < size; i++) {
    const root = factor[i * (size + 1)] as number;
    smallest = Math.min(smallest, root ** 2 / (matrix[i * (size + 1)] as number));
  }
  return smallest;
}

/** Copies rows of the right side, spread evenly over all. */
function sampleRows(layer: LinearLayer, right: Float64Array): { rows: number[]; expected: Float64Array } {
  const { inputs, outputs } = layer;
  const count = Math.min(RESIDUAL_ROWS, outputs);
  const rows = Array.from({ length: count }, (_, i) => Math.floor((i * outputs) / count));
  const expected = layer.float64(count * inputs);
  rows.forEach((row, i) => {
    expected.set(right.subarray(row * inputs, (row + 1) * inputs), i * inputs);
  });
  return { rows, expected };
}

/** The norm of (solution times matrix minus right side) over that of the right side. */
function residualOf(
  layer: LinearLayer,
  options: { left: Float64Array; right: Float64Array; rows: readonly number[]; expected: Float64Array },
): number {
  const { left, right, rows, expected } = options;
  const { inputs, matrices } = layer;
  const solution = layer.float64(rows.length * inputs);
  rows.forEach((row, i) => {
    solution.set(right.subarray(row * inputs, (row + 1) * inputs), i * inputs);
  });
  const scale = Math.sqrt(expected.reduce((sum, value) => sum + value * value, 0));
  matrices.multiplyAdd(expected, solution, left, { rows: rows.length, inner: inputs, columns: inputs, scale: -1 });
  const error = Math.sqrt(expected.reduce((sum, value) => sum + value * value, 0));
  return scale === 0 ? error : error / scale;
}
