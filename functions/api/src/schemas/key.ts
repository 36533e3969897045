import { z } from '@hono/zod-openapi';
import { Time } from './common.ts';

const Scopes = z.array(z.enum(['read', 'run', 'admin'])).min(1);

export const KeySchema = z
  .object({
    id: z.string(),
    name: z.string(),
    scopes: Scopes,
    namespaces: z.array(z.string()),
    s3: z.array(z.string()).openapi({ description: 'Addresses in S3 below which it may publish; `*` is all.' }),
    runsPerDay: z.int().optional(),
    account: z
      .string()
      .optional()
      .openapi({ description: 'Account of the Hub that it stands for; it signs in by that.' }),
    createdAt: Time,
    revokedAt: Time.optional(),
  })
  .openapi('Key');

export const NewKeyBody = z
  .strictObject({
    name: z.string().min(1).max(100).openapi({ description: 'What the key is for.', example: 'ci' }),
    scopes: Scopes.openapi({ description: '`admin` includes `run`, and `run` includes `read`.' }),
    namespaces: z.array(z.string().min(1).max(96)).max(100).optional().openapi({
      description: 'Namespaces of the Hub that it may read privately and publish to; `*` is all. Default: none.',
    }),
    s3: z.array(z.string().min(1).max(600)).max(100).optional().openapi({
      description: 'Addresses in S3 (`s3://bucket/prefix`) below which it may publish; `*` is all. Default: none.',
    }),
    runsPerDay: z.int().min(1).optional(),
  })
  .openapi('NewKey');

export const MadeKeySchema = KeySchema.extend({
  key: z.string().openapi({ description: 'The key itself, which is shown this once and kept nowhere.' }),
}).openapi('MadeKey');
