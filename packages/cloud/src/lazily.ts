/**
 * A promise whose work begins when somebody first waits for it: whoever only submits a job, and is frozen right after, must
 * not ask for its state for hours.
 */
export function lazily<T>(start: () => Promise<T>): Promise<T> {
  let started: Promise<T> | undefined;
  const begin = () => {
    started ??= start();
    return started;
  };
  return {
    // biome-ignore lint/suspicious/noThenProperty: it stands for a promise
    then: (fulfilled, rejected) => begin().then(fulfilled, rejected),
    catch: (rejected) => begin().catch(rejected),
    finally: (settled) => begin().finally(settled),
    [Symbol.toStringTag]: 'Promise',
  };
}
