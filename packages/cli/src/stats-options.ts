import type { Options, OptionValues } from './command.ts';
import { common } from './common-options.ts';

/** What `hubfuse stats` takes. */
export const statsOptions = {
  data: {
    type: 'text',
    short: 'd',
    value: '[name=]file',
    description: 'examples: a path, or an address in a dataset repository',
  },
  kind: {
    type: 'text',
    value: 'kind',
    default: 'gram',
    description: 'what to gather: gram (second moments) or fisher (squared gradients)',
  },
  padding: {
    type: 'text',
    value: 'rule',
    choices: ['mask', 'include'],
    default: 'mask',
    description: 'with --kind gram: leave padding out, or count it',
  },
  variant: {
    type: 'text',
    value: 'name',
    default: 'hard',
    description: 'with --kind fisher: hard, soft, empirical, each also with -example, or definition',
  },
  dtype: {
    type: 'text',
    value: 'dtype',
    choices: ['float32', 'bfloat16'],
    default: 'float32',
    description: 'precision of the file, which states what rounding loses',
  },
  task: { type: 'text', value: 'name', default: "that of the model's class", description: 'how rows are read' },
  column: { type: 'list', value: 'role=name', description: 'name of a column, such as text=utterance' },
  split: { type: 'text', value: 'rows', description: 'which rows, such as train, [:500] or train[:10%]' },
  limit: { type: 'integer', value: 'n', minimum: 1, description: 'at most so many examples' },
  'max-length': { type: 'integer', value: 'n', minimum: 1, description: 'tokens at which a text is cut' },
  out: { type: 'text', short: 'o', value: 'file', description: 'where the file goes' },
  plan: { type: 'flag', description: 'say what it takes (passes, memory, disk, time) and do nothing' },
  publish: { type: 'flag', description: "commit the file into the model's repository on the Hub" },
  'pull-request': { type: 'flag', description: 'with --publish: open a pull request instead of committing' },
  hub: common.hub,
  token: common.token,
  workers: { ...common.workers, description: 'worker threads; the bytes do not depend on them' },
  memory: { ...common.memory, description: 'cap on the memory; the bytes do not depend on it' },
  seed: { ...common.seed, description: 'with --limit: draw the examples by this seed instead of taking the first' },
} as const satisfies Options;

export type StatsOptions = OptionValues<typeof statsOptions>;
