import type { StoredTensor } from '@hubfuse/tensors';
import type { Draft } from '../plan/draft-tensors.ts';
import type { MergePlan } from '../plan/merge-plan.ts';
import { withTensors } from '../plan/with-tensors.ts';
import { EVOLVER } from './check-genealogy.ts';
import { evolves } from './evolving-tensors.ts';
import type { Genealogy } from './genealogy.ts';

type EvolutionSettings = Pick<Genealogy, 'dtype' | 'exclude'>;

/** A plan whose result is a single individual's evolving tensors, in the population's dtype. */
export function planEvolving(plan: MergePlan, genealogy: EvolutionSettings): MergePlan {
  return planOf(plan, evolvingDrafts(plan, genealogy));
}

/**
 * A plan whose result is one individual as a model of its own: its evolving tensors under the names and with the rows of
 * the merge, in the population's dtype; all else as its original model stores it. Build it with a genealogy that names the
 * individual.
 */
export function planIndividual(options: {
  /** The merge of the population. */
  plan: MergePlan;
  genealogy: EvolutionSettings;
  /** Counted from 0 in the order of the models. */
  individual: number;
  /** What the individual's original model stores. */
  stored: Iterable<StoredTensor>;
}): MergePlan {
  const { plan, genealogy, individual, stored } = options;
  const evolving = evolvingDrafts(plan, genealogy);
  const covered = new Set(evolving.map(({ parts }) => parts[individual]?.name));
  const input = inputOf(plan, individual);
  const own = [...stored]
    .filter(({ name }) => !covered.has(name))
    .map(({ name, shape, dtype, file, offset }): Draft => {
      const length = shape.reduce((product, size) => product * size, 1);
      const parts = [{ input, name, file, offset, dtype }];
      return { name, shape, length, dtype, rule: 'copy', parts, parameters: { global: {}, models: [] } };
    });
  return { ...planOf(plan, [...evolving, ...own]), donor: input };
}

/** Place of an individual's original model among the inputs. */
function inputOf({ inputs }: MergePlan, individual: number): number {
  const models = [...inputs.keys()].filter((index) => inputs[index]?.role === 'model');
  const input = models[individual];
  if (input === undefined) throw new RangeError(`there is no individual ${individual}`);
  return input;
}

function evolvingDrafts(plan: MergePlan, genealogy: EvolutionSettings): Draft[] {
  return plan.tensors
    .filter((tensor) => evolves(tensor, { genealogy, individuals: plan.models }))
    .map(({ name, shape, length, parts, parameters }) => {
      return { name, shape, length, parts, parameters, dtype: genealogy.dtype, rule: 'method' };
    });
}

function planOf(plan: MergePlan, drafts: readonly Draft[]): MergePlan {
  const evolved = { method: EVOLVER, parameters: {}, modelParameters: [], statistics: [], heads: [] };
  return withTensors({ ...plan, ...evolved, metadata: { format: 'pt' } }, drafts);
}
