import { defineSweep, type Sweep } from '@hubfuse/plugin';
import { taskVectors } from '../statistics/task-vectors.ts';
import type { UnifyProgram } from './unify.ts';

/** `code`: sums of the tensors' mean magnitudes, as the authors' code has it; `paper`: sums over all values. */
export type RescaleForm = 'code' | 'paper';

/** What one tensor adds up to, per model. */
interface TensorSums {
  tensor: string;
  /** Elements of the whole tensor. */
  length: number;
  /** Sum of the magnitudes of the task vector. */
  own: number[];
  /** The same of the unified vector under the model's mask. */
  masked: number[];
}

/**
 * A sweep that finds each model's rescaler: the magnitude of its task vector over that of the unified vector under its
 * mask.
 */
export function rescalerSweep(options: { program: UnifyProgram; models: number; form: RescaleForm }): Sweep {
  const { program, models, form } = options;
  return defineSweep<{ previous: readonly unknown[] }, TensorSums[], TensorSums[], number[]>({
    name: 'magnitudes under the masks',
    start: (previous) => ({ previous }),
    open: () => [],
    map(block, { previous }, sums) {
      const { kernels, tensor, tensorLength: length } = block;
      program.write(block, previous);
      let entry = sums.at(-1);
      if (entry?.tensor !== tensor) {
        entry = { tensor, length, own: zeros(models), masked: zeros(models) };
        sums.push(entry);
      }
      for (const [model, row] of taskVectors(block).entries()) {
        entry.own[model] = (entry.own[model] as number) + kernels.absoluteSum(row);
        entry.masked[model] = (entry.masked[model] as number) + kernels.tasks.agreeingSum(row, block.out);
      }
    },
    close: (sums) => sums,
    // Runs follow the order of the plan, so that a tensor that was divided meets itself at the seam.
    reduce(left, right) {
      const [last, first] = [left.at(-1), right[0]];
      if (last === undefined || first === undefined || last.tensor !== first.tensor) return [...left, ...right];
      const joined = { ...last, own: add(last.own, first.own), masked: add(last.masked, first.masked) };
      return [...left.slice(0, -1), joined, ...right.slice(1)];
    },
    finish: (total) => ({ result: rescalersOf(total, { models, form }) }),
  });
}

function rescalersOf(sums: readonly TensorSums[], options: { models: number; form: RescaleForm }): number[] {
  const divisor = ({ length }: TensorSums) => (options.form === 'code' ? length : 1);
  return Array.from({ length: options.models }, (_, model) => {
    const own = sums.reduce((total, entry) => total + (entry.own[model] as number) / divisor(entry), 0);
    const masked = sums.reduce((total, entry) => total + (entry.masked[model] as number) / divisor(entry), 0);
    // A model that never left the base has an empty mask, and nothing to scale.
    return masked > 0 ? own / masked : 1;
  });
}

const zeros = (length: number): number[] => new Array<number>(length).fill(0);
const add = (a: readonly number[], b: readonly number[]): number[] => a.map((value, i) => value + (b[i] as number));
