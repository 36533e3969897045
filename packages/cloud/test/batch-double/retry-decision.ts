import type { EvaluateOnExit, RetryStrategy } from './types.ts';

/** How an attempt ended, as a retry strategy looks at it. */
export interface AttemptEnd {
  exitCode?: number;
  /** Of the container. */
  reason?: string;
  statusReason: string;
}

/**
 * Whether a failed attempt is followed by another. The first condition decides all of whose patterns match; where none
 * does, the job is tried again.
 * @param attempts made so far
 */
export function isRetried(strategy: RetryStrategy | undefined, end: AttemptEnd, attempts: number): boolean {
  const { attempts: most = 1, evaluateOnExit = [] } = strategy ?? {};
  if (attempts >= most) return false;
  const condition = evaluateOnExit.find((one) => matches(one, end));
  return condition === undefined || condition.action.toLowerCase() === 'retry';
}

function matches(condition: EvaluateOnExit, { exitCode, reason = '', statusReason }: AttemptEnd): boolean {
  return (
    matchesPattern(condition.onExitCode, exitCode === undefined ? '' : String(exitCode)) &&
    matchesPattern(condition.onReason, reason) &&
    matchesPattern(condition.onStatusReason, statusReason)
  );
}

function matchesPattern(pattern: string | undefined, text: string): boolean {
  if (pattern === undefined) return true;
  return pattern.endsWith('*') ? text.startsWith(pattern.slice(0, -1)) : text === pattern;
}
