/** Calls `action` for each item, for `atOnce` of them at the same time. The first failure ends it. */
export async function eachAtOnce<T>(
  items: readonly T[],
  atOnce: number,
  action: (item: T) => Promise<void>,
): Promise<void> {
  let next = 0;
  const work = async (): Promise<void> => {
    for (let item = next++; item < items.length; item = next++) await action(items[item] as T);
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, work));
}
