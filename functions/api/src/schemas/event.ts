import { z } from '@hono/zod-openapi';
import { Time } from './common.ts';

export const EventSchema = z
  .looseObject({
    number: z.int().openapi({ description: 'Counts from 1 without gaps; the id of the event on a stream.' }),
    time: Time,
    type: z.string().openapi({
      description:
        'started, phase-started, phase-done, pinned, warning, scored, search, gate, artefact, published, cancelled, failed, ' +
        'done. Further fields by type.',
    }),
  })
  .openapi('RunEvent');

export const EventPageSchema = z
  .object({
    items: z.array(EventSchema),
    next: z.int().openapi({ description: 'What to send as `after` to get what comes behind these.' }),
    ended: z.boolean().openapi({ description: 'Nothing comes any more unless somebody starts the run again.' }),
  })
  .openapi('RunEventPage');
