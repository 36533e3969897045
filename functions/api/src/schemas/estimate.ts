import { z } from '@hono/zod-openapi';

const RangeSchema = z.object({ low: z.number(), expected: z.number(), high: z.number() }).openapi('Range', {
  description: 'What is expected, between the least and the most that the measurements behind it allow.',
});

/** How long a run is expected to take. */
export const TimeSchema = z
  .object({
    machine: z.string().openapi({ description: 'Where it would run.' }),
    machines: z.number().int().openapi({ description: 'Machines that share it.' }),
    seconds: RangeSchema,
    phases: z.array(
      z.object({
        phase: z.string().openapi({ description: 'A step; `start`: until a machine that is rented does anything.' }),
        seconds: RangeSchema,
        machines: z.number().int().openapi({ description: 'Machines that are paid meanwhile.' }),
        measured: z.boolean().openapi({ description: 'False where part of it is an assumption.' }),
        note: z.string().openapi({ description: 'What it is made of, and how that is known.' }),
      }),
    ),
    unknown: z
      .array(z.object({ phase: z.string(), reason: z.string() }))
      .openapi({ description: 'Steps whose time is not known beforehand and not part of the sum.' }),
  })
  .openapi('TimeEstimate');

/** What a run is expected to cost. */
export const CostSchema = z
  .object({
    launcher: z.string(),
    machine: z.string(),
    machines: z.number().int().optional().openapi({ description: 'Such machines, where several share it.' }),
    usd: RangeSchema.optional().openapi({
      description: 'Dollars. Absent where the price of the machine is not known.',
    }),
    verified: z.boolean().openapi({ description: 'Whether every price in it has a source and a date.' }),
    items: z.array(
      z.object({
        what: z.string(),
        quantity: RangeSchema,
        unit: z.string(),
        usd: RangeSchema,
        verified: z.boolean(),
        source: z.string().optional(),
        date: z.string().optional(),
      }),
    ),
    note: z.string().optional(),
  })
  .openapi('CostEstimate');

/** What a run has cost so far. */
export const RunCostSchema = z
  .object({
    launcher: z.string(),
    machine: z.string().openapi({ description: 'The machine that works on it, or did last.' }),
    machines: z.number().int().optional().openapi({ description: 'Such machines, where several began it together.' }),
    spentUsd: z.number().openapi({ description: 'Dollars so far, counted by the clock of its workers.' }),
    estimatedUsd: RangeSchema.optional().openapi({ description: 'Dollars expected in all, once it is planned.' }),
    limitUsd: z.number().optional().openapi({ description: 'Dollars that it may cost.' }),
    verified: z.boolean(),
    unpriced: z.boolean().optional().openapi({ description: 'Part of it is not counted: its price is not known.' }),
  })
  .openapi('RunCost');
