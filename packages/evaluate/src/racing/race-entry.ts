import type { PreparedModel } from '../prepare-model.ts';
import type { PlannedDataset } from '../scoring.ts';
import type { RaceBatch, Standing } from './race-types.ts';
import type { RisingBar } from './rising-bar.ts';
import type { Tally } from './tally.ts';

/**
 * One candidate in a race. Answers count in the order of the batches, whoever is ready first: so a decision rests on the same
 * examples for any number of workers, and for any number of candidates side by side.
 */
export class RaceEntry {
  readonly plan: readonly PlannedDataset[];
  /** Names of the sessions of its models. */
  readonly sessions: ReadonlyMap<PreparedModel, string>;
  /** Workers that have its sessions open. */
  readonly places = new Set<number>();
  readonly #batches: readonly RaceBatch[];
  readonly #tally: Tally;
  readonly #bar: RisingBar | undefined;
  readonly #count: (batch: RaceBatch, tally: Tally) => void;
  readonly #standings: Standing[];
  readonly #outcomes: ({ failure?: { cause: unknown } } | undefined)[] = [];
  #next = 0;
  #counted = 0;
  #stopped = false;
  #failure: { cause: unknown } | undefined;

  /**
   * @param options.bar against which it may be given up before the end; absent: it is scored to the end
   * @param options.count adds the answers to a batch to the tally
   */
  constructor(options: {
    plan: readonly PlannedDataset[];
    batches: readonly RaceBatch[];
    tally: Tally;
    name: string;
    bar: RisingBar | undefined;
    count(batch: RaceBatch, tally: Tally): void;
  }) {
    this.plan = options.plan;
    this.#batches = options.batches;
    this.#tally = options.tally;
    this.#bar = options.bar;
    this.#count = options.count;
    const models = new Set(options.plan.flatMap(({ members }) => members.map(({ model }) => model)));
    this.sessions = new Map([...models].map((model, index) => [model, `${options.name}, model ${index}`]));
    this.#standings = [standingOf(options.tally)];
    this.#stopped = this.#isBeaten();
  }

  /** Batches that nobody has begun and that may matter. */
  get waiting(): number {
    if (this.#bar !== undefined && this.#isBeaten()) this.#stopped = true;
    return this.#stopped ? 0 : this.#batches.length - this.#next;
  }

  /** Whether nothing is left to do once those who are at it come to rest. */
  get isOver(): boolean {
    return this.waiting === 0;
  }

  /** Whether no answer that is still to come can matter. */
  get isDecided(): boolean {
    return this.#stopped || this.#counted === this.#batches.length;
  }

  /** Takes the next batch. */
  take(): { index: number; batch: RaceBatch } {
    const index = this.#next++;
    const batch = this.#batches[index];
    if (batch === undefined) throw new RangeError('no batch is left');
    return { index, batch };
  }

  /** The answers to a batch are where they belong, or it failed. */
  done(index: number, outcome: { failure?: { cause: unknown } }): void {
    this.#outcomes[index] = outcome;
    for (;;) {
      const next = this.#outcomes[this.#counted];
      if (next === undefined || this.#stopped) return;
      if (next.failure !== undefined) {
        this.fail(next.failure.cause);
        return;
      }
      this.#count(this.#batches[this.#counted++] as RaceBatch, this.#tally);
      this.#standings.push(standingOf(this.#tally));
      if (this.#isBeaten()) this.#stopped = true;
    }
  }

  /** It cannot be scored on from here. */
  fail(cause: unknown): void {
    this.#failure ??= { cause };
    this.#stopped = true;
  }

  /** What became of it so far. */
  get outcome(): { standings: readonly Standing[]; failure?: { cause: unknown } } {
    return { standings: this.#standings, ...(this.#failure === undefined ? {} : { failure: this.#failure }) };
  }

  #isBeaten(): boolean {
    return this.#bar !== undefined && (this.#standings.at(-1) as Standing).mean <= this.#bar.value;
  }
}

function standingOf({ examples, mean, scores }: Tally): Standing {
  return { examples, mean, scores: [...scores] };
}
