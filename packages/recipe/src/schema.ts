import type { MergeMethod, Registry } from '@hubfuse/plugin';
import { parametersSchema } from './parameter-schema.ts';
import { evolveSchema, searchSchema } from './search-schemas.ts';
import {
  computeSchema,
  evaluateSchema,
  limitsSchema,
  modelReferenceSchema,
  publishSchema,
  statisticsSchemas,
  triggerSchema,
} from './section-schemas.ts';

/** A JSON Schema, draft 7: what editors understand. */
export interface JsonSchema {
  [keyword: string]: unknown;
}

const STATISTICS = {
  calibration: { $ref: '#/definitions/calibration' },
  statistics: { $ref: '#/definitions/statistics' },
};

/**
 * The JSON Schema of recipes: one branch for each registered method, with its parameters, their ranges, defaults and
 * descriptions. It holds what can be merged today; the parser knows more (YAML 1.1's spellings, keys that are put off)
 * and says more about what is wrong.
 */
export function recipeSchema(registry: Registry): JsonSchema {
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'hubfuse recipe',
    description: 'What to merge, how, what to score it on and where to publish it.',
    type: 'object',
    required: ['merge_method', 'models'],
    oneOf: registry.list('method').map(methodSchema),
    definitions: {
      model: modelReferenceSchema(),
      dtype: {
        enum: ['float32', 'float16', 'bfloat16', 'torch.float32', 'torch.float16', 'torch.bfloat16'],
      },
      ...statisticsSchemas(registry),
      evaluate: evaluateSchema(registry),
      evolve: evolveSchema(),
      publish: publishSchema(registry),
      trigger: triggerSchema(),
      limits: limitsSchema(),
      compute: computeSchema(),
    },
  };
}

function methodSchema(method: MergeMethod): JsonSchema {
  const inModel = parametersSchema(method, 'model');
  return {
    title: method.title,
    description: method.description,
    type: 'object',
    additionalProperties: false,
    required: ['merge_method', 'models', ...(method.base === 'required' ? ['base_model'] : [])],
    properties: {
      name: { type: 'string', description: 'Name of the merge.' },
      merge_method: { const: method.name, description: method.description },
      base_model: { $ref: '#/definitions/model', description: baseDescription(method) },
      models: {
        type: 'array',
        minItems: method.models.minimum,
        description: 'The models to merge.',
        items: {
          anyOf: [
            { type: 'string', description: 'A model, as a Hub address, id, id@revision or local folder.' },
            {
              type: 'object',
              additionalProperties: false,
              required: ['model'],
              properties: { model: { $ref: '#/definitions/model' }, parameters: inModel, ...STATISTICS },
            },
          ],
        },
      },
      parameters: { ...parametersSchema(method, 'top'), description: `Parameters of ${method.title}.` },
      dtype: { $ref: '#/definitions/dtype', description: 'Precision of the output; arithmetic is float32 or wider.' },
      out_dtype: { $ref: '#/definitions/dtype', description: 'Precision of the output; comes before dtype.' },
      seed: { type: 'integer', minimum: 0, default: 0, description: 'Seed of everything random.' },
      heads: {
        enum: ['merge', 'keep'],
        description: 'Merge the heads or keep them apart; default: merge those with the same label names.',
      },
      ...STATISTICS,
      evaluate: { $ref: '#/definitions/evaluate' },
      ...searchesSchema(method),
      publish: { $ref: '#/definitions/publish' },
      trigger: { $ref: '#/definitions/trigger' },
      limits: { $ref: '#/definitions/limits' },
      compute: { $ref: '#/definitions/compute' },
    },
  };
}

/** A method that yields a model per task, or has no numbers, has less to search. */
function searchesSchema(method: MergeMethod): JsonSchema {
  if (method.result === 'tasks') return {};
  const evolve = { evolve: { $ref: '#/definitions/evolve' } };
  const hasNumbers = Object.values(method.parameters).some(({ type }) => type === 'number');
  return hasNumbers ? { ...evolve, search: searchSchema(method) } : evolve;
}

function baseDescription(method: MergeMethod): string {
  if (method.base === 'required') return 'The model that the others were fine-tuned from.';
  if (method.base === 'optional') return 'The model that the others were fine-tuned from, where they share one.';
  return `${method.title} uses no base: one of the models, whose config and tokenizer are taken.`;
}
