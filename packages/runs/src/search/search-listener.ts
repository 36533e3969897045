import type { SearchEvent } from '@hubfuse/evolve';
import type { PhaseContext } from '../phase.ts';
import type { SearchSize } from './search-size.ts';

/** Keeps the events of a search in the log of the run, in order, and tells how far the search is. */
export class SearchListener {
  readonly #context: PhaseContext;
  readonly #size: SearchSize;
  readonly #generations: number | undefined;
  #writing: Promise<void> = Promise.resolve();
  #failure: { error: unknown } | undefined;
  #decided = 0;

  /** @param options.generations of an evolution; absent for coefficients, whose number of generations is open */
  constructor(options: { context: PhaseContext; size: SearchSize; generations?: number | undefined }) {
    this.#context = options.context;
    this.#size = options.size;
    this.#generations = options.generations;
  }

  readonly hear = (event: SearchEvent): void => {
    this.#writing = this.#writing
      .then(() => this.#keep(event))
      .catch((error: unknown) => {
        this.#failure ??= { error };
      });
    this.#show(event);
  };

  /** Waits until everything that was heard is kept. @throws what kept it from being kept. */
  async drain(): Promise<void> {
    await this.#writing;
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  async #keep(event: SearchEvent): Promise<void> {
    await this.#context.event({ type: 'search', search: event });
    if (event.type !== 'resumed' || event.otherProcessor === undefined) return;
    const { processor, provider } = event.otherProcessor;
    const message =
      `the search began on ${processor} (${provider}): scores from here on may differ from those that it would have ` +
      'had there in their last bits';
    await this.#context.event({ type: 'warning', code: 'run/other-processor', message });
  }

  #show(event: SearchEvent): void {
    if (event.type === 'resumed') this.#decided = Math.max(0, event.decisions - this.#size.initial);
    if (event.type === 'initial') this.#progress(`scored ${event.record.name}`);
    if (event.type !== 'candidate') return;
    this.#decided = event.record.number + 1;
    const { record, best, mean, spent } = event;
    const generation = record.generation + 1;
    const of = this.#generations === undefined ? '' : `/${this.#generations}`;
    const saved = spent.examplesInFull === 0 ? 0 : 1 - spent.examples / spent.examplesInFull;
    const note = [
      `generation ${generation}${of}`,
      `best ${percent(best)}`,
      `mean ${percent(mean)}`,
      `${Math.round(100 * saved)} % saved`,
    ];
    this.#progress(note.join('  '));
  }

  #progress(note: string): void {
    this.#context.progress({
      label: 'search',
      note,
      done: this.#decided,
      total: this.#size.candidates,
      unit: 'candidates',
    });
  }
}

function percent(fraction: number): string {
  return Number.isFinite(fraction) ? `${(100 * fraction).toFixed(1)} %` : 'none yet';
}
