/** What several sources give, each in its order, as it comes. Ends with the last of them; fails with the first that fails. */
export async function* interleave<T>(sources: readonly AsyncIterable<T>[]): AsyncGenerator<T> {
  const iterators = sources.map((source) => source[Symbol.asyncIterator]());
  const next = (iterator: AsyncIterator<T>) => iterator.next().then((result) => ({ iterator, result }));
  const coming = new Map(iterators.map((iterator) => [iterator, next(iterator)]));
  // Only one of them is waited for at a time; the failure of another is told when its turn comes.
  for (const promise of coming.values()) promise.catch(() => undefined);
  try {
    while (coming.size > 0) {
      const { iterator, result } = await Promise.race(coming.values());
      if (result.done === true) {
        coming.delete(iterator);
        continue;
      }
      const following = next(iterator);
      following.catch(() => undefined);
      coming.set(iterator, following);
      yield result.value;
    }
  } finally {
    // A source that is waiting gives no heed until it has something; nobody waits for that.
    for (const iterator of coming.keys()) iterator.return?.(undefined)?.catch(() => undefined);
  }
}
