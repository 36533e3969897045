/**
 * Starts jobs in order, a bounded number ahead, and finishes them in order: what waits for an earlier one to finish
 * cannot pile up.
 */
export async function inOrder<Item, Result>(options: {
  items: readonly Item[];
  parallel: number;
  start(item: Item): Promise<Result>;
  finish(result: Result, item: Item): void | Promise<void>;
}): Promise<void> {
  const { items } = options;
  const ahead = 2 * options.parallel;
  const running: Promise<Result>[] = [];
  const startOne = (index: number) => {
    const job = options.start(items[index] as Item);
    // Its failure is seen when its turn comes; until then it must not count as unhandled.
    job.catch(() => undefined);
    running[index] = job;
  };
  for (let index = 0; index < Math.min(ahead, items.length); index++) startOne(index);
  for (const [index, item] of items.entries()) {
    await options.finish((await running[index]) as Result, item);
    delete running[index];
    if (index + ahead < items.length) startOne(index + ahead);
  }
}
