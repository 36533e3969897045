import { fetchInputs } from '../fetch-inputs.ts';
import type { Phase } from '../phase.ts';
import { storedPlan } from '../stored-plan.ts';

/** Brings models and data onto this disk; files that are there already are used. */
const fetch: Phase = {
  name: 'fetch',
  async run({ spec, execution, hub, progress }) {
    const plan = await storedPlan(execution.store, spec.id);
    const output = await fetchInputs({
      plan,
      hub,
      onProgress: (bytes) => progress({ ...bytes, unit: 'bytes' }),
    });
    return { output };
  },
};

export default fetch;
