import { EVOLVER } from '../evolution/check-genealogy.ts';
import { evolves } from '../evolution/evolving-tensors.ts';
import type { Genealogy } from '../evolution/genealogy.ts';
import { layOut } from '../plan/layout.ts';
import type { MergePlan, PlannedTensor, TensorPart } from '../plan/merge-plan.ts';

/** Name of the file that holds an individual's state inside its folder. */
const STATE_FILE = 'model.safetensors';

/** An individual whose values were written out, so that its steps need not be replayed. */
export interface FlattenedState {
  individual: number;
  /** Folder of its file. */
  folder: string;
}

/** A plan that writes the evolving tensors of one individual in the dtype of the state, and nothing else. */
export function statePlan(plan: MergePlan, genealogy: Genealogy): MergePlan {
  const drafts = plan.tensors
    .filter((tensor) => evolves(tensor, { genealogy, individuals: plan.models }))
    .map(({ base: _, ...tensor }) => ({ ...tensor, rule: 'method' as const, dtype: genealogy.dtype }));
  const layout = layOut({ tensors: drafts, metadata: {}, shardSize: undefined });
  const tensors = layout.tensors.map(({ tensor, place }) => ({ ...tensor, ...place }));
  const parameters = { global: {}, models: [] };
  return {
    ...plan,
    method: EVOLVER,
    parameters: {},
    modelParameters: [],
    groupParameters: parameters,
    tensors,
    outputs: layout.outputs,
    heads: [],
    metadata: {},
    totals: { ...plan.totals, writeBytes: layout.outputs.reduce((sum, { size }) => sum + size, 0) },
  };
}

/** A plan whose flattened individuals are read from their files; the inputs that it adds follow those it has. */
export function overStates(options: { plan: MergePlan; genealogy: Genealogy; states: readonly FlattenedState[] }): {
  plan: MergePlan;
  folders: string[];
} {
  const { plan, genealogy, states } = options;
  if (states.length === 0) return { plan, folders: [] };
  const written = new Map(statePlan(plan, genealogy).tensors.map((tensor) => [tensor.name, tensor]));
  const inputOf = new Map(states.map(({ individual }, index) => [individual, plan.inputs.length + index]));
  const part = (stored: PlannedTensor, input: number): TensorPart => {
    return { input, name: stored.name, file: STATE_FILE, offset: stored.offset, dtype: stored.dtype };
  };
  const tensors = plan.tensors.map((tensor) => {
    const stored = written.get(tensor.name);
    if (stored === undefined) return tensor;
    const parts = tensor.parts.map((original, individual) => {
      const input = inputOf.get(individual);
      return input === undefined ? original : part(stored, input);
    });
    return { ...tensor, parts };
  });
  const inputs = states.map(({ individual }) => {
    const name = `individual ${individual + 1}`;
    return { role: 'model' as const, reference: name, name, files: [], bytes: 0 };
  });
  return {
    plan: { ...plan, inputs: [...plan.inputs, ...inputs], tensors },
    folders: states.map(({ folder }) => folder),
  };
}
