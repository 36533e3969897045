import { readFileSync } from 'node:fs';

/** The schema that the built-in methods make. */
export const SCHEMA: unknown = JSON.parse(
  readFileSync(new URL('../../../docs/recipe.schema.json', import.meta.url), 'utf8'),
);

export const TASKS = [
  { name: 'text-classification', metric: 'accuracy', metrics: ['accuracy', 'macro_f1', 'micro_f1', 'matthews'] },
  { name: 'token-classification', metric: 'f1', metrics: ['f1'] },
];

const WEIGHT = {
  name: 'weight',
  type: 'number',
  level: 'model',
  perTensor: 'always',
  default: 1,
  description: 'How much the model counts.',
};

/** Some merge methods as the service describes them. */
export const METHODS = [
  {
    name: 'linear',
    title: 'Linear',
    description: 'The weighted average of the models.',
    base: 'unused',
    models: { minimum: 2 },
    parameters: [
      WEIGHT,
      {
        name: 'normalize',
        type: 'boolean',
        level: 'global',
        perTensor: 'never',
        default: true,
        description: 'Divide by the sum of the weights.',
      },
    ],
    sources: [],
  },
  {
    name: 'task_arithmetic',
    title: 'Task arithmetic',
    description: 'Adds the task vectors of the models to the base.',
    base: 'required',
    models: { minimum: 1 },
    parameters: [
      WEIGHT,
      {
        name: 'lambda',
        type: 'number',
        level: 'global',
        perTensor: 'always',
        default: 1,
        description: 'Scale of the sum.',
      },
    ],
    sources: [],
  },
  {
    name: 'ties',
    title: 'TIES-Merging',
    description: 'Trims small changes, elects a sign for each weight and averages what agrees with it.',
    base: 'required',
    models: { minimum: 1 },
    parameters: [
      WEIGHT,
      {
        name: 'density',
        type: 'number',
        level: 'model',
        perTensor: 'tensor',
        default: 0.2,
        minimum: 0,
        maximum: 1,
        description: 'Share of each task vector that is kept.',
      },
      {
        name: 'scope',
        type: 'choice',
        level: 'global',
        perTensor: 'never',
        choices: ['tensor', 'model'],
        default: 'tensor',
        description: 'What the threshold runs over.',
      },
    ],
    sources: [],
  },
  {
    name: 'pcb',
    title: 'PCB-Merging',
    description: 'Balances the competition between parameters within and between tasks.',
    base: 'required',
    models: { minimum: 1 },
    parameters: [
      {
        name: 'ratio',
        type: 'number',
        level: 'global',
        perTensor: 'never',
        default: 0.1,
        minimum: 0,
        maximum: 1,
        description: 'Share of each task vector that is kept.',
      },
    ],
    sources: [],
  },
  {
    name: 'evolver',
    title: 'Evolver',
    description: 'Evolves the models against each other on development data, without gradients.',
    base: 'unused',
    models: { minimum: 2 },
    parameters: [],
    sources: [],
  },
];
