/** The end of one request, whoever brings it about. */
export interface LinkedAbort {
  signal: AbortSignal;
  /** Runs an action under a time-out that aborts the request. */
  within<T>(ms: number, what: string, action: () => Promise<T>): Promise<T>;
  throwIfOuter(): void;
  release(): void;
  close(): void;
}

/** One controller that follows the others and can be let go: `AbortSignal.any` on a long-lived signal keeps all of its results. */
export function linkSignals(outer: readonly (AbortSignal | undefined)[]): LinkedAbort {
  const controller = new AbortController();
  const signals = outer.filter((signal) => signal !== undefined);
  const follow = () => controller.abort(signals.find((signal) => signal.aborted)?.reason);
  const aborted = new Promise<never>((_resolve, reject) => {
    controller.signal.addEventListener('abort', () => reject(controller.signal.reason), { once: true });
  });
  aborted.catch(() => undefined);
  for (const signal of signals) {
    if (signal.aborted) follow();
    signal.addEventListener('abort', follow, { once: true });
  }
  const release = () => {
    for (const signal of signals) signal.removeEventListener('abort', follow);
  };
  return {
    signal: controller.signal,
    async within(ms, what, action) {
      const timer = setTimeout(() => controller.abort(new DOMException(`${what} for ${ms} ms`, 'TimeoutError')), ms);
      try {
        // A body that a proxy or a test made need not listen to the signal.
        return await Promise.race([action(), aborted]);
      } catch (cause) {
        // A reader that is aborted reports its own error; the time-out is what a person must hear of.
        throw controller.signal.aborted ? controller.signal.reason : cause;
      } finally {
        clearTimeout(timer);
      }
    },
    throwIfOuter() {
      for (const signal of signals) signal.throwIfAborted();
    },
    release,
    close() {
      release();
      controller.abort();
    },
  };
}
