import {
  defineMethod,
  defineMetric,
  defineReader,
  defineTask,
  type MergeMethod,
  type Parameter,
  Registry,
} from '@hubfuse/plugin';

/** Declarations of the built-in methods without their arithmetic: reading a recipe needs no more. */
export const methods: readonly MergeMethod[] = [
  method('linear', {
    base: 'unused',
    parameters: {
      weight: number({ level: 'model', default: 1, allOrNone: true, nonZeroSumWith: 'normalize' }),
      normalize: boolean(true),
    },
  }),
  method('task_arithmetic', {
    parameters: {
      weight: number({ level: 'model', default: 1, allOrNone: true }),
      density: share({ level: 'model', default: 1 }),
      lambda: number({ default: 1 }),
      normalize: boolean(false),
      rescale: boolean(false),
      int8_mask: boolean(false),
    },
  }),
  method('ties', {
    parameters: {
      scope: choice(['tensor', 'model'], 'tensor'),
      merge: choice(['mean', 'sum', 'max'], 'mean', { onlyWith: { scope: 'model' } }),
      weight: number({ level: 'model', default: 1, allOrNone: true, perTensor: 'tensor' }),
      density: share({ level: 'model', default: 1, perTensor: 'tensor' }),
      lambda: number({ default: 1 }),
      normalize: boolean(true, { onlyWith: { scope: 'tensor' } }),
      rescale: boolean(false, { onlyWith: { scope: 'tensor' } }),
      int8_mask: boolean(false),
    },
  }),
  {
    ...method('pcb', {
      parameters: {
        form: choice(['reference', 'vision-search', 'vision', 'language', 'paper'], 'reference'),
        scope: choice(['model', 'tensor'], 'model'),
        ratio: share({ default: 0.1, perTensor: 'tensor' }),
        lambda: number({ level: 'model', default: 1 }),
        clamp: { ...number({ minimum: 0, maximum: 0.5, perTensor: 'tensor' }), default: 'form' } as Parameter,
        exclude: { type: 'names', level: 'global', perTensor: 'never', default: [], description: 'Left out' },
      },
    }),
    models: { minimum: 1, maximum: 128 },
  },
  { ...method('evolver', { base: 'unused', parameters: {} }), models: { minimum: 2 }, evolves: true },
  { ...method('masks', { parameters: {} }), result: 'tasks' },
];

/** A registry with the methods, two tasks, their metrics and two formats. */
export function stubRegistry(): Registry {
  const registry = new Registry();
  for (const entry of methods) registry.register(entry);
  for (const [name, columns, metric] of [
    ['text-classification', { text: 'text', text_pair: 'text_pair', label: 'label' }, 'accuracy'],
    ['token-classification', { tokens: 'tokens', tags: 'tags' }, 'f1'],
  ] as const) {
    const rest = { optional: [], labelRole: 'label', autoModel: '', logits: 'sequence' as const };
    registry.register(defineTask({ name, metric, columns, ...rest, parse: unused, encode: unused }));
    registry.register(defineMetric({ name: metric, tasks: [name], score: unused }));
  }
  registry.register(defineMetric({ name: 'macro_f1', tasks: ['text-classification'], score: unused }));
  for (const name of ['jsonl', 'csv']) {
    registry.register(defineReader({ name, extensions: [`.${name}`], read: unused }));
  }
  return registry;
}

export function methodNamed(name: string): MergeMethod {
  return stubRegistry().get('method', name);
}

function unused(): never {
  throw new Error('reading a recipe runs nothing');
}

function method(
  name: string,
  more: { base?: MergeMethod['base']; parameters: MergeMethod['parameters'] },
): MergeMethod {
  const texts = { title: name, description: `The method ${name}.`, formula: '', sources: [] };
  return defineMethod({ name, ...texts, base: 'required', models: { minimum: 1 }, ...more, program: unused });
}

type Part<P extends Parameter> = Partial<Omit<P, 'type'>>;

function number(more: Part<Parameter & { type: 'number' }>): Parameter {
  return { type: 'number', level: 'global', perTensor: 'always', description: 'A number', ...more };
}

function share(more: Part<Parameter & { type: 'number' }>): Parameter {
  return number({ minimum: 0, exclusiveMinimum: true, maximum: 1, ...more });
}

function boolean(byDefault: boolean, more: Part<Parameter & { type: 'boolean' }> = {}): Parameter {
  return { type: 'boolean', level: 'global', perTensor: 'always', description: 'A flag', default: byDefault, ...more };
}

function choice(
  choices: readonly string[],
  byDefault: string,
  more: Part<Parameter & { type: 'choice' }> = {},
): Parameter {
  return {
    type: 'choice',
    level: 'global',
    perTensor: 'never',
    description: 'A choice',
    choices,
    default: byDefault,
    ...more,
  };
}
