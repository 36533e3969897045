import { factorValues, type LinearLayer, type LinearReport, type LinearStep } from '@hubfuse/plugin';
import { checkLayer } from './check-layer.ts';
import { meanByDiagonals } from './mean-by-diagonals.ts';
import { panelRoom, panelRows, panelsOf } from './panels.ts';
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
  /** Room for another matrix of that size, and for a factor. */
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
      inputs * inputs + roomValues(inputs) + (panelRows(outputs) + 2 * Math.min(RESIDUAL_ROWS, outputs)) * inputs,
    check: (layer) => checkLayer(layer, gram),
    async merge(layer) {
      const coefficients = coefficientsOf(layer, gram);
      if (layer.parameters.global.alpha === 0) return meanByDiagonals(layer, coefficients);
      return solve(layer, await equationsOf(layer, coefficients));
    },
  };
}

/** A whole matrix at first, a factor later. */
function roomValues(inputs: number): number {
  return Math.max(inputs * inputs, factorValues(inputs));
}

function coefficientsOf(layer: LinearLayer, gram: 'mean' | 'sum'): number[] {
  return layer.parameters.models.map(({ weight }, model) => {
    return (weight as number) * (gram === 'sum' ? (layer.rows(model) ?? 0) : 1);
  });
}

/** Sums up both sides, one model at a time. */
async function equationsOf(layer: LinearLayer, coefficients: readonly number[]): Promise<Equations> {
  const { inputs, matrices, out, parameters } = layer;
  const alpha = parameters.global.alpha as number;
  const left = layer.float64(inputs * inputs);
  const room = layer.float64(roomValues(inputs));
  const gram = room.subarray(0, inputs * inputs);
  out.fill(0);
  const diagonals: Float64Array[] = [];
  for (const [model, coefficient] of coefficients.entries()) {
    const diagonal = new Float64Array(inputs);
    diagonals.push(diagonal);
    if (coefficient === 0) continue;
    layer.readGram(model, gram);
    scale(gram, inputs, { diagonal: coefficient, offDiagonal: alpha * coefficient });
    for (let i = 0; i < inputs; i++) diagonal[i] = gram[i * (inputs + 1)] as number;
    matrices.addScaled(left, gram, 1);
    for (const { weights, from, rows } of panelsOf(layer, model)) {
      const right = out.subarray(from * inputs, (from + rows) * inputs);
      await matrices.multiplyAdd(right, weights, gram, { rows, inner: inputs, columns: inputs });
    }
  }
  return { left, room, right: out, diagonals };
}

function scale(matrix: Float64Array, size: number, factors: { diagonal: number; offDiagonal: number }): void {
  const { diagonal, offDiagonal } = factors;
  for (let row = 0; row < size; row++) {
    const own = (matrix[row * (size + 1)] as number) * diagonal;
    const end = (row + 1) * size;
    for (let at = row * size; at < end; at++) matrix[at] = (matrix[at] as number) * offDiagonal;
    matrix[row * (size + 1)] = own;
  }
}

async function solve(layer: LinearLayer, equations: Equations): Promise<LinearReport> {
  const { inputs, matrices } = layer;
  const { left, room, right } = equations;
  const notes = fillUnusedInputs(layer, left);
  const sample = sampleRows(layer, right);
  // A pivot that is smaller than this share of its diagonal entry is rounding.
  const tolerance = inputs * 2 ** -52;
  for (const damping of DAMPINGS) {
    const options = { size: inputs, tolerance, offDiagonal: 1 - damping };
    const { failed, smallest } = await matrices.factor(room, left, options);
    if (failed >= 0) continue;
    if (damping > 0) {
      dampRight(layer, { ...equations, damping });
      notes.push(`the equations have no unique solution; off-diagonals lowered by ${damping}`);
    } else if (smallest < SMALL_PIVOT) {
      notes.push(`ill-conditioned: the smallest pivot is ${smallest.toExponential(1)} of its diagonal entry`);
    }
    await matrices.solve(right, room, { size: inputs, room: panelRoom(layer) });
    break;
  }
  return { residual: await residualOf(layer, { left, right, ...sample }), notes };
}

/** Both sides are damped, so that equal models remain the solution. */
function dampRight(layer: LinearLayer, options: Equations & { damping: number }): void {
  const { right, diagonals, damping } = options;
  const { inputs } = layer;
  for (let i = 0; i < right.length; i++) right[i] = (right[i] as number) * (1 - damping);
  diagonals.forEach((diagonal, model) => {
    if (diagonal.every((value) => value === 0)) return;
    for (const { weights, from } of panelsOf(layer, model)) {
      for (let i = 0; i < weights.length; i++) {
        const at = from * inputs + i;
        right[at] = (right[at] as number) + damping * (diagonal[i % inputs] as number) * (weights[i] as number);
      }
    }
  });
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
async function residualOf(
  layer: LinearLayer,
  options: { left: Float64Array; right: Float64Array; rows: readonly number[]; expected: Float64Array },
): Promise<number> {
  const { left, right, rows, expected } = options;
  const { inputs, matrices } = layer;
  const solution = layer.float64(rows.length * inputs);
  rows.forEach((row, i) => {
    solution.set(right.subarray(row * inputs, (row + 1) * inputs), i * inputs);
  });
  const norm = Math.sqrt(expected.reduce((sum, value) => sum + value * value, 0));
  const size = { rows: rows.length, inner: inputs, columns: inputs, negative: true };
  await matrices.multiplyAdd(expected, solution, left, size);
  const error = Math.sqrt(expected.reduce((sum, value) => sum + value * value, 0));
  return norm === 0 ? error : error / norm;
}
