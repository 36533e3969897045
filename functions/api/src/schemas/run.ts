import { z } from '@hono/zod-openapi';
import { STATE_WORDS } from '@hubfuse/runs';
import { OpenObject, Time } from './common.ts';
import { RunCostSchema } from './estimate.ts';
import { PlanSchema } from './plan.ts';

export const StateSchema = z.enum(STATE_WORDS).openapi('RunStateWord');

/** What lists are filtered by: a state, or everything that has not ended. */
export const StateFilterSchema = z.enum([...STATE_WORDS, 'active']);

export const RunParameters = z.object({
  id: z.string().min(1).max(200).openapi({ description: 'Id of the run.', example: 'support-1f3a9c2b7d' }),
});

const Origin = z
  .looseObject({
    trigger: z.enum(['command', 'http', 'webhook', 'schedule', 'comment', 'retry']),
    key: z.string().optional().openapi({ description: 'Id of the key that asked.' }),
    account: z.string().optional().openapi({ description: 'Account of the Hub that asked by a comment.' }),
    recipe: z
      .object({ name: z.string(), etag: z.string() })
      .optional()
      .openapi({ description: 'The stored recipe, and the version of it that holds.' }),
    cause: OpenObject.optional().openapi({ description: 'The push that led to it: type, repo, ref, sha.' }),
    ancestry: z.array(OpenObject).openapi({ description: 'The publications that led to it, the earliest first.' }),
  })
  .openapi('RunOrigin');

const Progress = z
  .looseObject({
    phase: z.string(),
    label: z.string(),
    done: z.number(),
    total: z.number(),
    unit: z.string(),
    note: z.string().optional(),
  })
  .openapi('RunProgress');

const RunError = z
  .object({ code: z.string(), message: z.string(), where: z.string().optional(), hint: z.string().optional() })
  .openapi('RunError');

const Published = z
  .object({
    publisher: z.string(),
    url: z.string(),
    revision: z.string(),
    already: z.boolean(),
    as: z.enum(['commit', 'pull_request']).optional(),
  })
  .openapi('Publication');

/** A run in a list. */
export const RunSummarySchema = z
  .object({
    id: z.string(),
    name: z.string(),
    state: StateSchema,
    phase: z.string().optional().openapi({ description: 'The step that it is in, or that comes next.' }),
    method: z.string(),
    models: z.array(z.string()).openapi({ description: 'The base first where there is one.' }),
    trigger: z.string().openapi({ description: 'What asked for it, as in `origin`.' }),
    recipe: z.string().optional().openapi({ description: 'Name of the stored recipe.' }),
    key: z.string().optional().openapi({ description: 'Id of the key that asked.' }),
    attempts: z.int(),
    published: z.boolean().optional(),
    score: z
      .number()
      .optional()
      .openapi({ description: 'Mean score of the merged model, a fraction, once it is known.' }),
    bestParent: z.number().optional().openapi({ description: 'The same of its best parent.' }),
    gate: z.boolean().optional().openapi({ description: 'Whether the condition for publishing holds.' }),
    error: z.object({ code: z.string(), message: z.string() }).optional(),
    createdAt: Time,
    updatedAt: Time,
  })
  .openapi('RunSummary');

export const RunPageSchema = z
  .object({
    items: z.array(RunSummarySchema),
    next: z
      .string()
      .optional()
      .openapi({ description: 'What to send as `cursor` for the next page; absent on the last.' }),
  })
  .openapi('RunPage');

export const RunSchema = z
  .object({
    id: z.string(),
    name: z.string(),
    state: StateSchema,
    phase: z.string().optional().openapi({ description: 'The step that is under way, or that it stopped at.' }),
    phases: z.array(
      z.object({
        name: z.string(),
        status: z.enum(['waiting', 'running', 'done']),
        startedAt: z.string().optional(),
        endedAt: z.string().optional(),
      }),
    ),
    progress: Progress.optional(),
    attempts: z.int().openapi({ description: 'How often it was started or taken up again.' }),
    createdAt: Time,
    updatedAt: Time,
    origin: Origin,
    method: z.string(),
    models: z.array(z.object({ name: z.string(), role: z.string(), revision: z.string().optional() })),
    recipe: z.string().openapi({ description: 'Its text.' }),
    plan: PlanSchema.optional().openapi({ description: 'What it does, once that is decided; without single tensors.' }),
    limits: OpenObject.optional(),
    cost: RunCostSchema.optional().openapi({ description: 'Absent until it is begun.' }),
    scores: OpenObject.optional().openapi({
      description: 'Scores of the merged model and of what it is compared with.',
    }),
    search: OpenObject.optional(),
    gate: OpenObject.optional().openapi({
      description: 'Whether the condition for publishing holds, with the figures.',
    }),
    published: z.array(Published).optional(),
    warnings: z.array(z.string()).optional(),
    error: RunError.optional(),
    links: z.object({
      self: z.string(),
      events: z.string(),
      logs: z.string(),
      report: z.string(),
      artefacts: z.string(),
      cancel: z.string(),
    }),
  })
  .openapi('Run');

export type RunView = z.infer<typeof RunSchema>;
