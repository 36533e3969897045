/** One of several things that are wrong with a request. */
export interface ProblemPart {
  code: string;
  detail: string;
  /** JSON pointer into the request: `/models/0/model`. */
  pointer?: string;
  /** Of the recipe's text, counted from 1. */
  line?: number;
  /** Of the recipe's text, counted from 1. */
  column?: number;
  hint?: string;
}

/** Why the server refused: RFC 9457. */
export interface Problem {
  title: string;
  status: number;
  detail?: string;
  instance?: string;
  code: string;
  pointer?: string;
  hint?: string;
  where?: string;
  errors?: readonly ProblemPart[];
}

/** A request that failed, with what a person should know of it. */
export class ProblemError extends Error {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.detail ?? problem.title);
    this.name = 'ProblemError';
    this.problem = problem;
  }
}

/** Everything that is wrong, each once: the parts, or the problem itself where it has none. */
export function partsOf(problem: Problem): readonly ProblemPart[] {
  if (problem.errors !== undefined && problem.errors.length > 0) return problem.errors;
  const { code, pointer, hint } = problem;
  return [
    {
      code,
      detail: problem.detail ?? problem.title,
      ...(pointer === undefined ? {} : { pointer }),
      ...(hint === undefined ? {} : { hint }),
    },
  ];
}

/** What anything that was thrown says to a person. */
export function problemOf(error: unknown): Problem {
  if (error instanceof ProblemError) return error.problem;
  return {
    title: 'This page failed',
    status: 0,
    code: 'dashboard/fault',
    detail: error instanceof Error ? error.message : String(error),
    hint: 'reload the page',
  };
}

/** The server could not be reached at all. */
export const UNREACHABLE: Problem = {
  title: 'The server does not answer',
  status: 0,
  code: 'dashboard/unreachable',
  detail: 'The server does not answer.',
  hint: 'look whether hubfuse serve still runs; this page goes on by itself once it does',
};
