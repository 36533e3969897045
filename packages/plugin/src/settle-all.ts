/**
 * Waits until every action has ended, even where one failed, so that nothing goes on in the background; then throws the
 * first failure in the order of the actions, so that what is wrong with two of them is always said of the same one.
 */
export async function settleAll<T extends readonly unknown[]>(
  actions: readonly [...T],
): Promise<{ [K in keyof T]: Awaited<T[K]> }> {
  const results = await Promise.allSettled(actions);
  return results.map((result) => {
    if (result.status === 'rejected') throw result.reason;
    return result.value;
  }) as { [K in keyof T]: Awaited<T[K]> };
}
