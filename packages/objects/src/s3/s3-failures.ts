import { StoreError } from '@hubfuse/plugin';

/** What is known of a request that failed. */
export interface S3Failure {
  /** HTTP status; undefined where no answer came. */
  status: number | undefined;
  /** Name that S3 gives the error: `NoSuchKey`, `PreconditionFailed`. */
  name: string;
  /** How often the SDK sent the request. */
  attempts: number;
}

export function failureOf(error: unknown): S3Failure {
  const { name = 'unknown', $metadata } = error as { name?: string; $metadata?: Record<string, unknown> };
  const { httpStatusCode, attempts } = $metadata ?? {};
  return {
    status: typeof httpStatusCode === 'number' ? httpStatusCode : undefined,
    name,
    attempts: typeof attempts === 'number' ? attempts : 1,
  };
}

/** Whether the object, and not its bucket, is absent. */
export function isAbsent(error: unknown): boolean {
  const { status, name } = failureOf(error);
  return status === 404 && name !== 'NoSuchBucket';
}

/** The error for a person: what was asked of which store, and what to do. */
export function explainS3(error: unknown, request: { store: string; what: string }): StoreError {
  if (error instanceof StoreError) return error;
  const { status, name } = failureOf(error);
  const said = error instanceof Error ? error.message : String(error);
  const [code, hint] = verdict(status, name);
  return new StoreError({
    code,
    where: request.store,
    message: `S3 did not ${request.what}: ${name}${said === '' || said === name ? '' : ` (${said})`}`,
    hint,
    // The SDK's own error holds its request with the signature, which belongs into no log.
    cause: new Error(`${name}: ${said}`),
  });
}

function verdict(status: number | undefined, name: string): [code: string, hint: string] {
  if (name === 'NoSuchBucket') return ['store/no-bucket', 'make the bucket first; hubfuse makes none'];
  if (name.includes('Credentials') || status === 401) {
    return ['store/no-credentials', 'set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or log in with the AWS tools'];
  }
  if (status === 403) return ['store/forbidden', 'the credentials may not do this: allow reading, writing and listing'];
  if (status === undefined || status >= 500) {
    return ['store/unreachable', 'check the endpoint and the network, then start again: what is stored stays'];
  }
  return ['store/s3', 'the store answered as S3 does not: check endpoint, region and path_style'];
}
