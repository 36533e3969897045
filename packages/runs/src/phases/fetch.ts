import { isDivisibleRun } from '../children/is-divisible-run.ts';
import { hasChildren } from '../children/lead-children.ts';
import { fetchInputs } from '../fetch-inputs.ts';
import { NO_WEIGHTS } from '../local-inputs.ts';
import type { Phase } from '../phase.ts';
import { storedPlan } from '../stored-plan.ts';
import { tokenizerWarnings } from '../tokenizer-warnings.ts';

/** Brings models and data onto this disk; files that are there already are used. */
const fetch: Phase = {
  name: 'fetch',
  async run(context) {
    const { spec, execution, hub, progress } = context;
    const plan = await storedPlan(execution.store, spec.id);
    const output = await fetchInputs({
      plan,
      hub,
      // Where several share a merge, each fetches what it reads: all of it may be more than one disk holds.
      weights: hasChildren(context) && isDivisibleRun(plan) ? NO_WEIGHTS : undefined,
      onProgress: (bytes) => progress({ ...bytes, unit: 'bytes' }),
    });
    const { inputs, donor } = plan.merge;
    const models = plan.models.slice(0, inputs.length).map((model, i) => ({ model, folder: output.folders[i] ?? '' }));
    for (const message of await tokenizerWarnings(models, donor)) {
      await context.event({ type: 'warning', code: 'merge/tokenizers-differ', message });
    }
    return { output };
  },
};

export default fetch;
