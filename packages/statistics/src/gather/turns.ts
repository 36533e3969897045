/** How long a wait lasts before it looks again whether the thread is to end, in milliseconds. */
const WAIT_MILLISECONDS = 500;

/**
 * Does `action` for the run `index` at one place when all runs before it have passed there. Sums of floating-point
 * numbers depend on their order; so it is that of the runs, whichever threads compute them, and one set of sums serves
 * all threads. Runs must be started in their order.
 * @param turns per place the run that is next
 */
export function takeTurn(turns: Int32Array, place: number, index: number, action: () => void): void {
  for (;;) {
    const next = Atomics.load(turns, place);
    if (next === index) break;
    Atomics.wait(turns, place, next, WAIT_MILLISECONDS);
  }
  action();
  Atomics.store(turns, place, index + 1);
  Atomics.notify(turns, place);
}
