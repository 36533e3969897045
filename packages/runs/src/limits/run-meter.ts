import { formatUsd, type Tariff } from '@hubfuse/plugin';
import type { RunLimits } from '@hubfuse/recipe';
import { isShared } from '../children/shared-steps.ts';
import { beginSpending, usdPerSecond } from '../cost/spending.ts';
import type { RunState } from '../run.ts';
import type { RunEventBody } from '../run-event.ts';
import { timeExceeded } from './time-limit.ts';
import { usdExceeded } from './usd-limit.ts';

/** Counts the time and the dollars of one process's work on a run, and knows when its limits are reached. */
export class RunMeter {
  readonly #runId: string;
  readonly #limits: RunLimits;
  readonly #tariff: Tariff | undefined;
  /** Dollars for each second of one machine. */
  readonly #usdPerSecond: number;
  readonly #machines: number;
  /** When what was worked was last added to the state. */
  #countedAt = performance.now();
  #toldOfMoney = false;

  /** @param options.machines that are paid for until what they share is done */
  constructor(options: { runId: string; limits: RunLimits; tariff: Tariff | undefined; machines: number }) {
    const { runId, limits, tariff, machines } = options;
    this.#runId = runId;
    this.#limits = limits;
    this.#tariff = tariff;
    this.#usdPerSecond = tariff === undefined ? 0 : (usdPerSecond(tariff) ?? 0);
    this.#machines = machines;
  }

  /** Counts up to this moment: `add` adds to a state what `kept` says is stored from then on. */
  count(): { add(state: RunState): RunState; kept(): void } {
    const now = performance.now();
    const seconds = (now - this.#countedAt) / 1000;
    return {
      add: (state) => ({
        ...state,
        workedSeconds: (state.workedSeconds ?? 0) + seconds,
        ...(state.cost === undefined
          ? {}
          : { cost: { ...state.cost, spentUsd: state.cost.spentUsd + seconds * this.#rate(state) } }),
      }),
      kept: () => {
        this.#countedAt = now;
      },
    };
  }

  /** @param more seconds beyond the limit that are granted */
  isOutOfTime({ workedSeconds = 0 }: RunState, more = 0): boolean {
    const { seconds } = this.#limits;
    return seconds !== undefined && workedSeconds + this.#uncountedSeconds() >= seconds + more;
  }

  /** @param more dollars that are to be left over */
  isOutOfMoney(state: RunState, more = 0): boolean {
    const { cost } = state;
    const { usd } = this.#limits;
    if (usd === undefined || cost === undefined || this.#usdPerSecond === 0) return false;
    return cost.spentUsd + this.#uncountedSeconds() * this.#rate(state) + more >= usd;
  }

  /** The error of a limit that is reached; undefined where none is. @param more seconds that are granted beyond the limit */
  exceeded(state: RunState, more = 0): unknown {
    if (this.isOutOfTime(state, more)) return timeExceeded(this.#runId, this.#limits);
    if (!this.isOutOfMoney(state)) return undefined;
    return usdExceeded(this.#runId, this.#limits, state.cost ?? beginSpending(undefined, this.#tariff));
  }

  /**
   * Whether a search has to end: for its time, or so that what follows it can be paid.
   * @param tell told once why it ends for its money
   */
  shouldSearchEnd(state: RunState, tell: (warning: RunEventBody) => void): boolean {
    if (this.isOutOfTime(state)) return true;
    const { reserveUsd = 0 } = state.cost ?? {};
    if (!this.isOutOfMoney(state, reserveUsd)) return false;
    if (!this.#toldOfMoney) {
      this.#toldOfMoney = true;
      const { usd = 0 } = this.#limits;
      const message =
        `the search ends with the best so far: of ${formatUsd(usd)} that the run may cost, ` +
        `up to ${formatUsd(reserveUsd)} are kept for what follows it`;
      tell({ type: 'warning', code: 'run/usd-limit', message });
    }
    return true;
  }

  /** Dollars for each second of all machines that are there. */
  #rate(state: RunState): number {
    return this.#usdPerSecond * (this.#machines > 1 && isShared(state) ? this.#machines : 1);
  }

  #uncountedSeconds(): number {
    return (performance.now() - this.#countedAt) / 1000;
  }
}
