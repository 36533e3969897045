/** Mark of a content in a commit's or pull request's text. */
export function contentMark(digest: string): string {
  return `hubfuse-content: ${digest}`;
}

/** Mark of a run's attempt. */
export function attemptMark(attempt: string): string {
  return `hubfuse-attempt: ${attempt}`;
}

/** Mark of the intent that a publication carries out: written to the store before anything is asked of the Hub. */
export function intentMark(intent: string): string {
  return `hubfuse-intent: ${intent}`;
}

/** Mark of what takes a publication back: its commit. */
export function rollbackMark(revision: string): string {
  return `hubfuse-rollback: ${revision}`;
}

/** Whether a text holds a mark on a line of its own. */
export function hasMark(text: string, mark: string): boolean {
  return text.split('\n').some((line) => line.trim() === mark);
}
