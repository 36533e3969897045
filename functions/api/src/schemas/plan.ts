import { z } from '@hono/zod-openapi';
import { OpenObject } from './common.ts';
import { CostSchema, TimeSchema } from './estimate.ts';

const PlanWarning = z
  .object({ code: z.string(), message: z.string(), where: z.string().optional() })
  .openapi('PlanWarning');

const PlannedModel = z
  .object({
    role: z.enum(['base', 'model', 'published']),
    name: z.string().openapi({ description: 'Hub id.', example: 'hubfuse-examples/intents-money' }),
    reference: z.string().openapi({ description: 'As the recipe writes it.' }),
    revision: z.string().optional().openapi({ description: 'The commit that it is pinned to.' }),
    bytes: z.int().openapi({ description: 'Size of its files.' }),
  })
  .openapi('PlannedModel');

const PlannedTensor = z
  .object({
    name: z.string(),
    shape: z.array(z.int()),
    dtype: z.string(),
    fate: z.string().openapi({ description: '`method`, `average`, `labels` or `copy`.' }),
    note: z.string().optional(),
  })
  .openapi('PlannedTensor');

export const PlanSchema = z
  .object({
    name: z.string(),
    method: z.string(),
    models: z.array(PlannedModel),
    data: z.array(
      z.object({
        dataset: z.string(),
        split: z.enum(['dev', 'test']),
        repo: z.string().optional(),
        revision: z.string().optional(),
        path: z.string(),
      }),
    ),
    phases: z.array(z.string()).openapi({ description: 'Steps of the run, in order.' }),
    bytes: z
      .object({ download: z.int(), output: z.int() })
      .openapi({ description: 'Upper bounds of what goes onto the disk.' }),
    parameters: z.int().openapi({ description: 'Number of parameters of the merged model.' }),
    passes: z.int().openapi({ description: 'Passes over the weights.' }),
    outputs: z.array(z.object({ path: z.string(), size: z.int() })),
    tensors: z
      .object({
        method: z.int(),
        average: z.int(),
        labels: z.int(),
        copy: z.int(),
        all: z.array(PlannedTensor).optional().openapi({ description: 'Every tensor, with `?tensors=true`.' }),
      })
      .openapi({ description: 'What becomes of the tensors: how many, by their fate.' }),
    search: OpenObject.optional().openapi({ description: 'The most that the search does.' }),
    statistics: z.array(OpenObject).optional().openapi({ description: 'What the method reads beside the weights.' }),
    time: TimeSchema.optional(),
    cost: CostSchema.optional(),
    licence: z.object({
      licence: z.string(),
      findings: z.array(z.object({ severity: z.string(), message: z.string() })),
    }),
    warnings: z.array(PlanWarning),
  })
  .openapi('Plan');

export type PlanView = z.infer<typeof PlanSchema>;
