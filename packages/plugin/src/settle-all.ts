/**
 * Waits until every action has ended, even where one failed, so that nothing goes on in the background; then throws the
 * first failure in the order of the actions, so that what is wrong with two of them is always said of the same one.
 */
export async function settleAll<T>(actions: readonly (T | Promise<T>)[]): Promise<T[]> {
  const results = await Promise.allSettled(actions);
  return results.map((result) => {
    if (result.status === 'rejected') throw result.reason;
    return result.value;
  });
}
