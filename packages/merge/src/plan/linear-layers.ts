import { type LinearStep, MergeError, ResourceError, type StoredStatistic } from '@hubfuse/plugin';
import type { PlannedLinear } from './merge-plan.ts';
import type { Naming } from './naming.ts';

/** WebAssembly addresses 4 GiB; some of it holds blocks. */
const WORKSPACE_LIMIT = 3.9 * 2 ** 30;
const FLOAT64_BYTES = 8;

/**
 * How the weight of a linear layer is merged whole.
 * @throws MergeError where a Gram matrix is not as wide as the layer's input
 * @throws ResourceError where the layer is too large for the solver
 */
export function planLinear(options: {
  name: string;
  shape: readonly number[];
  stored: readonly StoredStatistic[];
  naming: Naming;
  canonical: string;
  step: LinearStep;
}): PlannedLinear {
  const { name, shape, stored, naming, canonical, step } = options;
  const transposed = naming.isTransposed(canonical);
  const [first = 0, second = 0] = shape;
  const [inputs, outputs] = transposed ? [first, second] : [second, first];
  for (const { shape: gram, file } of stored) {
    const triangle = gram.length === 1 && gram[0] === (inputs * (inputs + 1)) / 2;
    const square = gram.length === 2 && gram[0] === inputs && gram[1] === inputs;
    if (shape.length === 2 && (triangle || square)) continue;
    throw new MergeError({
      code: 'merge/statistics-shape',
      where: file,
      message: `the Gram matrix of ${name} is of shape [${gram.join(', ')}], but the layer reads ${inputs} values`,
      hint: 'the statistics are of another model; gather them anew',
    });
  }
  const layer = { inputs, outputs, models: stored.length };
  const workspace = FLOAT64_BYTES * (step.workspace(layer) + inputs * outputs);
  if (workspace > WORKSPACE_LIMIT) {
    throw new ResourceError({
      code: 'merge/layer-too-large',
      where: name,
      message: `${name} reads ${inputs} values and yields ${outputs}: its equations take ${(workspace / 1e9).toFixed(1)} GB, more than the solver can address`,
      hint: 'name the layer under `exclude`: it is averaged then',
    });
  }
  return { inputs, outputs, transposed, workspace };
}
