import { vi } from 'vitest';
import { type S3Double, startS3Double } from '../../packages/objects/test/s3-double/server.ts';
import { CREDENTIALS } from '../../packages/objects/test/s3-double/signature.ts';

export type { S3Double };

/** The credentials of the double, as the AWS tools look for them. */
export const S3_VARIABLES = {
  AWS_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
  AWS_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
} as const;

/** Starts an S3 that this process, and what it starts, has the credentials of. */
export async function startOwnS3(): Promise<S3Double> {
  for (const [name, value] of Object.entries(S3_VARIABLES)) vi.stubEnv(name, value);
  return await startS3Double();
}
