import { z } from '@hono/zod-openapi';
import { OpenObject } from './common.ts';

export const MethodSchema = z
  .object({
    name: z.string().openapi({ example: 'pcb' }),
    title: z.string(),
    description: z.string(),
    formula: z.string().openapi({ description: 'What is computed, in Markdown.' }),
    base: z.enum(['required', 'optional', 'unused']),
    models: z.object({ minimum: z.int(), maximum: z.int().optional() }),
    parameters: z.array(OpenObject).openapi({ description: 'Each with name, type, default, bounds and description.' }),
    sources: z.array(z.string()),
  })
  .openapi('Method');

export const TaskSchema = z
  .object({
    name: z.string().openapi({ example: 'text-classification' }),
    metric: z.string().openapi({ description: 'The metric that scores it unless a recipe says otherwise.' }),
    metrics: z.array(z.string()).openapi({ description: 'All metrics that can score it.' }),
  })
  .openapi('Task');
