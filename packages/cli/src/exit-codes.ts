import {
  EvaluationError,
  GraphError,
  HubError,
  HubfuseError,
  MergeError,
  PluginError,
  RecipeError,
  ResourceError,
  StatisticsError,
  TensorError,
  UsageError,
} from '@hubfuse/plugin';

/** Every exit code and what it means, as the documentation lists them. */
export const EXIT_CODES = {
  ok: { code: 0, meaning: 'done' },
  failure: {
    code: 1,
    meaning: 'any other failure; also a check that did not hold (`check-graph`, `reproduce`, `doctor`)',
  },
  usage: { code: 2, meaning: 'the command line was used wrongly' },
  recipe: { code: 3, meaning: 'the recipe cannot be meant as it stands' },
  hub: { code: 4, meaning: 'the Hub, the network or a credential refused' },
  merge: { code: 5, meaning: 'the models cannot be merged: files, tensors, shapes, graphs' },
  evaluation: { code: 6, meaning: 'the data or the model cannot be scored, or its statistics not gathered or used' },
  gate: {
    code: 7,
    meaning: 'merged and scored, but the condition for publishing does not hold; nothing was published',
  },
  resources: { code: 8, meaning: 'memory, disk or time does not suffice' },
  plugin: { code: 9, meaning: 'a plugin cannot be loaded' },
  // Not 128 and the signal's number, as a shell says it: the process was not killed, it stopped in good order.
  interrupted: { code: 10, meaning: 'interrupted (Ctrl-C or SIGTERM) before it was done; the same command resumes' },
  // EX_TEMPFAIL of sysexits.h: what a queue is told to try again.
  resumable: { code: 75, meaning: 'a worker gave its run back (SIGTERM, or the store is out of reach): start another' },
} as const;

const BY_CLASS = [
  [UsageError, EXIT_CODES.usage],
  [RecipeError, EXIT_CODES.recipe],
  [HubError, EXIT_CODES.hub],
  [TensorError, EXIT_CODES.merge],
  [MergeError, EXIT_CODES.merge],
  [GraphError, EXIT_CODES.merge],
  [EvaluationError, EXIT_CODES.evaluation],
  [StatisticsError, EXIT_CODES.evaluation],
  [ResourceError, EXIT_CODES.resources],
  [PluginError, EXIT_CODES.plugin],
] as const;

/** Errors that say more with their code than with their class, as where they are noticed decides that. */
const BY_CODE: Readonly<Record<string, { code: number }>> = {
  'hub/bad-repo-id': EXIT_CODES.usage,
  'hub/bad-config': EXIT_CODES.merge,
  'hub/quantised': EXIT_CODES.merge,
  'hub/pickle-only': EXIT_CODES.merge,
  'hub/adapter-only': EXIT_CODES.merge,
  'hub/no-weights': EXIT_CODES.merge,
  'hub/no-config': EXIT_CODES.merge,
  'hub/model-per-task': EXIT_CODES.merge,
};

/** The exit code of an error, by its code or its class. */
export function exitCodeOf(error: unknown): number {
  const known = error instanceof HubfuseError ? BY_CODE[error.code] : undefined;
  if (known !== undefined) return known.code;
  // A name that nothing registers was misspelt far more often than its plugin was forgotten.
  if (error instanceof PluginError && error.code.startsWith('plugin/unknown-')) return EXIT_CODES.usage.code;
  const entry = BY_CLASS.find(([type]) => error instanceof type);
  return (entry?.[1] ?? EXIT_CODES.failure).code;
}
