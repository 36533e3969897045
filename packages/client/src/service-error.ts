/** Why the service refused: RFC 9457 with a stable code. */
export interface Problem {
  status: number;
  title: string;
  code: string;
  detail?: string;
  hint?: string;
  where?: string;
  pointer?: string;
  errors?: { code: string; detail: string; pointer?: string; line?: number; column?: number; hint?: string }[];
}

/** An answer of the service that is a refusal. */
export class ServiceError extends Error {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.detail ?? problem.title);
    this.name = 'ServiceError';
    this.problem = problem;
  }

  /** The refusal that a body says; one that is no problem is what a proxy in between may have said. */
  static of(status: number, body: string): ServiceError {
    try {
      const problem = JSON.parse(body) as Partial<Problem>;
      if (typeof problem.code === 'string')
        return new ServiceError({ title: `status ${status}`, ...problem, code: problem.code, status });
    } catch {
      // No JSON: told by its status alone.
    }
    return new ServiceError({ status, title: `the answer has the status ${status}`, code: 'request/refused' });
  }
}
