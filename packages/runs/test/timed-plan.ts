import type { TimedPlan } from '../src/cost/estimate-time.ts';

/** A plan as the estimates read it: three models and a base of so many parameters in bfloat16, in square matrices. */
export function timedPlan(
  options: { method?: string; side?: number; matrices?: number } & Partial<TimedPlan> = {},
): TimedPlan {
  const { method = 'pcb', side = 1024, matrices = 64, ...rest } = options;
  const length = side * side;
  const parameters = length * matrices;
  const part = (input: number) => ({ input, name: 'w', file: 'model.safetensors', offset: 0, dtype: 'BF16' as const });
  const models = [0, 1, 2, 3].map((index) => ({
    ...{ reference: `you/${index}`, name: `you/${index}`, kind: 'hub' as const },
    role: index === 0 ? ('base' as const) : ('model' as const),
    files: [{ path: 'model.safetensors', size: 2 * parameters }],
  }));
  const merge = {
    method,
    parameters: {},
    tensors: Array.from({ length: matrices }, (_, index) => ({
      ...{ name: `layers.${index}.weight`, shape: [side, side], length, dtype: 'BF16', rule: 'method' },
      ...{
        base: part(0),
        parts: [part(1), part(2), part(3)],
        parameters: { global: {}, models: [] },
        output: 0,
        offset: 0,
      },
    })),
    totals: { parameters, readBytes: 8 * parameters, writeBytes: 2 * parameters, passes: 1 },
  } as unknown as TimedPlan['merge'];
  return {
    recipe: { method, models: [], publish: undefined } as unknown as TimedPlan['recipe'],
    phases: ['fetch', 'merge', 'assemble'],
    models,
    data: [],
    merge,
    bytes: { download: 8 * parameters, output: 6 * parameters },
    ...rest,
  };
}
