import { MergeError } from '@hubfuse/plugin';
import type { MergePlan } from '../plan/merge-plan.ts';
import type { Genealogy } from './genealogy.ts';

/**
 * Whether a genealogy can be replayed over a plan.
 * @throws MergeError where it names individuals that are not there, or where one of them lacks a tensor of the result
 */
export function checkGenealogy(plan: MergePlan, genealogy: Genealogy | undefined): void {
  if (genealogy === undefined) {
    if (plan.method !== EVOLVER) return;
    throw new MergeError({
      code: 'merge/no-genealogy',
      where: 'merge_method',
      message: 'Evolver alone has no result before its search has found one',
      hint: 'search first: hubfuse evolve <recipe> --out <folder>',
    });
  }
  const { dtype, individual, mode, seed, steps } = genealogy;
  const references = mode === 'differential' ? 2 : 1;
  const isIndividual = (index: number) => Number.isInteger(index) && index >= 0 && index < plan.models;
  const bad = steps.find(
    (step) => step.references.length !== references || ![step.individual, ...step.references].every(isIndividual),
  );
  const known = ['F32', 'F16', 'BF16'].includes(dtype) && Number.isSafeInteger(seed) && seed >= 0;
  if (bad !== undefined || !known || (individual !== undefined && !isIndividual(individual))) {
    throw new MergeError({
      code: 'merge/bad-genealogy',
      message: `the genealogy does not belong to these ${plan.models} models: ${JSON.stringify(bad ?? { dtype, seed, individual })}`,
      hint: 'the checkpoint is of another search or another version; search anew',
    });
  }
  if (individual === undefined) return;
  const lacking = plan.tensors.find(({ rule, parts }) => rule !== 'copy' && parts.length !== plan.models);
  if (lacking === undefined) return;
  throw new MergeError({
    code: 'merge/lacking-tensor',
    where: lacking.name,
    message: `the tensor is not in every model, so a single individual is no whole model`,
    hint: 'leave out the model without it, or evolve around a merge method that knows a base',
  });
}

/** Name of the method that is a search: its result is one individual of the evolved population. */
export const EVOLVER = 'evolver';
