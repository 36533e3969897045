const kept = new Map<string, unknown>();

/**
 * What was filled in and not sent yet, kept while the page is open: whoever looks at another page and comes back finds it.
 * In memory alone.
 */
export function takeKept<T>(name: string): T | undefined {
  return kept.get(name) as T | undefined;
}

/** @param value Undefined forgets it. */
export function keep(name: string, value: unknown): void {
  if (value === undefined) kept.delete(name);
  else kept.set(name, value);
}
