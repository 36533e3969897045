/** What Batch answers to a request that it does not take: a name that the SDK turns into an error, and a sentence. */
export class BatchRefusal extends Error {
  readonly status: number;
  readonly type: 'ClientException' | 'ServerException' | 'TooManyRequestsException';

  constructor(message: string, type: BatchRefusal['type'] = 'ClientException') {
    super(message);
    this.type = type;
    this.status = type === 'ServerException' ? 500 : type === 'TooManyRequestsException' ? 429 : 400;
  }
}

/** Refuses where something does not hold. */
export function demand(holds: boolean, message: string): asserts holds {
  if (!holds) throw new BatchRefusal(message);
}
