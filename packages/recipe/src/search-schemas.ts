import type { MergeMethod } from '@hubfuse/plugin';
import { EVOLVE_DEFAULTS } from './read-evolve.ts';
import { SEARCH_DEFAULTS } from './read-search.ts';
import type { JsonSchema } from './schema.ts';

/** What may be spent: whichever ends first ends the search. */
const BUDGET: Readonly<Record<string, JsonSchema>> = {
  evaluations: count('Candidates that are scored, the starting ones included.'),
  examples: count('Examples that are scored, over all candidates.'),
  time: {
    type: ['string', 'number'],
    description: 'Time of the search: seconds, or as 90s, 30m, 1h30m.',
  },
};

/** The `evolve:` block. */
export function evolveSchema(): JsonSchema {
  return {
    type: 'object',
    description:
      'The models evolve on development data: alone (merge_method: evolver), or so that what the method makes of them scores higher.',
    additionalProperties: false,
    properties: {
      mode: {
        enum: ['differential', 'blend'],
        default: EVOLVE_DEFAULTS.mode,
        description: 'Parent plus a scaled difference of two others (the paper), or a blend with one other (the code).',
      },
      generations: { ...count('Times that every model has an offspring.'), default: EVOLVE_DEFAULTS.generations },
      scale: {
        type: 'number',
        exclusiveMinimum: 0,
        maximum: 2,
        default: EVOLVE_DEFAULTS.scale,
        description: 'Factor of the difference, or share of the other model in a blend (at most 1).',
      },
      crossover: {
        type: 'number',
        exclusiveMinimum: 0,
        maximum: 1,
        default: EVOLVE_DEFAULTS.crossover,
        description: 'Share of the scalars that change.',
      },
      reference: {
        enum: ['random', 'best', 'adaptive'],
        description: 'With mode blend and evolver alone: the other model; elsewhere it is random. Default: adaptive.',
      },
      update: {
        enum: ['steady', 'synchronous'],
        default: 'steady',
        description: 'An accepted offspring takes its place at once, or at the end of the generation.',
      },
      order: {
        enum: ['fixed', 'random'],
        description: 'Order of the models in a generation. Default: fixed for evolver alone, else random.',
      },
      population: {
        anyOf: [{ enum: ['models'] }, { type: 'array', items: { type: 'string' } }],
        default: 'models',
        description: 'What evolves: the models, or the same said by a list of them.',
      },
      exclude: {
        anyOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' } }],
        description: 'Parts of names of tensors that do not evolve. `^` stands for the beginning of a name.',
      },
      refresh: {
        enum: ['grams', 'fisher'],
        description:
          'Gather the statistics of models that evolution has changed anew, on their calibration data. Default: those of the originals.',
      },
      ...BUDGET,
    },
  };
}

/** The `search:` block of one method: its numbers are what can be searched. */
export function searchSchema(method: MergeMethod): JsonSchema {
  const names = Object.entries(method.parameters).flatMap(([name, parameter]) =>
    parameter.type === 'number' && parameter.integer !== true ? [name] : [],
  );
  const parameter: JsonSchema = { enum: names };
  return {
    type: 'object',
    description: `Numbers of ${method.title} are searched on development data by CMA-ES.`,
    additionalProperties: false,
    required: ['over'],
    properties: {
      over: {
        anyOf: [parameter, { type: 'array', minItems: 1, items: { anyOf: [parameter, entrySchema(parameter)] } }],
      },
      ...BUDGET,
      evaluations: { ...BUDGET.evaluations, default: SEARCH_DEFAULTS.evaluations },
      population: {
        type: 'integer',
        minimum: 2,
        description: 'Candidates of a generation. Default: 4 + floor(3 ln n).',
      },
      step: {
        type: 'number',
        exclusiveMinimum: 0,
        maximum: 1,
        default: SEARCH_DEFAULTS.step,
        description: 'First step as a share of each range.',
      },
      restarts: {
        enum: ['bipop', 'ipop', 'none'],
        default: SEARCH_DEFAULTS.restarts,
        description: 'After convergence: large and small populations in turn, growing ones, or the end.',
      },
    },
  };
}

function entrySchema(parameter: JsonSchema): JsonSchema {
  return {
    type: 'object',
    additionalProperties: false,
    required: ['parameter'],
    properties: {
      parameter,
      per: {
        enum: ['model', 'merge'],
        description: 'One value for each model, or one for all. Default: as the method has it.',
      },
      layers: { ...count('Values over the depth of the model, interpolated in between.'), default: 1 },
      filters: {
        type: 'array',
        items: { type: 'string' },
        description: 'Parts of tensor names that get values of their own.',
      },
      range: {
        type: 'array',
        items: { type: 'number' },
        minItems: 2,
        maxItems: 2,
        description: "Lowest and highest value. Default: the method's bounds, else from 0 to twice the starting value.",
      },
    },
  };
}

function count(description: string): JsonSchema {
  return { type: 'integer', minimum: 1, description };
}
