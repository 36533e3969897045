import type { Block, Group, MethodProgram, ParameterValues, Sweep, TensorParameters } from '@hubfuse/plugin';
import pcb from '../methods/pcb.ts';
import taskArithmetic from '../methods/task-arithmetic.ts';
import ties from '../methods/ties.ts';
import { taskVectors } from '../statistics/task-vectors.ts';

/** How the unified task vector comes about. */
export type Unify = 'elect' | 'task_arithmetic' | 'ties' | 'pcb';

export interface UnifyOptions {
  unify: Unify;
  models: number;
  /** Values of the recipe: `density` for TIES, `ratio` for PCB. */
  parameters: ParameterValues;
  /** The sign that is elected where the task vectors cancel exactly. */
  zero: -1 | 0;
}

/** Sweeps and a last step that leaves the unified task vector of a block in `block.out`. */
export type UnifyProgram = Pick<MethodProgram, 'sweeps' | 'write'>;

export function unifyProgram(options: UnifyOptions): UnifyProgram {
  return options.unify === 'elect' ? electProgram(options) : methodProgram(options);
}

/** The authors' own: the sign of the sum, and of the values that have it the largest in magnitude. */
function electProgram({ zero }: UnifyOptions): UnifyProgram {
  return {
    sweeps: [],
    write(block) {
      const rows = taskVectors(block);
      const weights = rows.map(() => 1);
      block.kernels.elect(block.out, rows, weights, { merge: 'max', zero });
    },
  };
}

/** Another method over the whole model. A scale of its vector has no meaning here: the rescalers take it out again. */
function methodProgram({ unify, models, parameters }: UnifyOptions): UnifyProgram {
  const method = { task_arithmetic: taskArithmetic, ties, pcb }[unify as Exclude<Unify, 'elect'>];
  const values: TensorParameters = {
    global: { ...defaultsOf(method.parameters), scope: 'model', ratio: parameters.ratio ?? 0.1, lambda: 1 },
    models: Array.from({ length: models }, () => ({ weight: 1, lambda: 1, density: parameters.density ?? 1 })),
  };
  const program = method.program({ models, parameters: values.global, modelParameters: values.models });
  const grouped = (group: Group): Group => ({ ...group, parameters: values });
  return {
    sweeps: program.sweeps.map((sweep): Sweep => {
      const { sample } = sweep;
      return {
        ...sweep,
        start: (previous, group) => sweep.start(previous, grouped(group)),
        map: (block, state, accumulator) => sweep.map(aroundZero(block, values), state, accumulator),
        finish: (total, state, group) => sweep.finish(total, state, grouped(group)),
        ...(sample === undefined
          ? {}
          : {
              sample: (total: unknown, state: unknown, { share, group }: { share: number; group: Group }) =>
                sample(total, state, { share, group: grouped(group) }),
            }),
      };
    }),
    write: (block, results) => program.write(aroundZero(block, values), results),
  };
}

/** The task vectors as models around a base of zeros, so that the method's result is the vector itself, unrounded. */
function aroundZero(block: Block, parameters: TensorParameters): Block {
  const base = block.scratch();
  block.kernels.fill(base, 0);
  return { ...block, base, models: taskVectors(block), bfloat16: undefined, parameters };
}

function defaultsOf(parameters: (typeof ties)['parameters']): ParameterValues {
  const entries = Object.entries(parameters).filter(
    ([, { default: value }]) => value !== undefined && value !== 'form',
  );
  return Object.fromEntries(entries.map(([name, parameter]) => [name, parameter.default])) as ParameterValues;
}
