import { z } from '@hono/zod-openapi';

export const RunParameters = z.object({
  id: z.string().min(1).max(200).openapi({ description: 'Id of the run.', example: 'support-1f3a9c2b7d' }),
});
