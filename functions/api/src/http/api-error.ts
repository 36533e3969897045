import { type ErrorDetails, HubfuseError } from '@hubfuse/plugin';

/** What a refusal of the service says beside an error's own details. */
export interface ApiErrorDetails extends ErrorDetails {
  /** HTTP status, 4xx or 5xx. */
  status: number;
  /** JSON pointer of what is wrong in the body, or of a parameter: `/query/limit`. */
  pointer?: string | undefined;
  /** Headers that go with the answer: `Retry-After`, `WWW-Authenticate`. */
  headers?: Readonly<Record<string, string>> | undefined;
}

/** A request that the service refuses; its status is that of the answer. */
export class ApiError extends HubfuseError {
  readonly status: number;
  readonly pointer: string | undefined;
  readonly headers: Readonly<Record<string, string>>;

  constructor(details: ApiErrorDetails) {
    super(details);
    this.status = details.status;
    this.pointer = details.pointer;
    this.headers = details.headers ?? {};
  }
}
