import type { EvolutionStep, Genealogy } from '@hubfuse/merge';
import { RunError } from '@hubfuse/plugin';
import type { ResolvedSettings } from './evolver-settings.ts';
import type { CandidateRecord, InitialRecord } from './search-types.ts';

interface Scored {
  score: number;
  datasets: Readonly<Record<string, number>>;
  /** Number of the candidate; absent for what the search started from. */
  candidate?: number;
}

/**
 * The scores and the genealogy of a population. Around a merger there is one score, that of the merged population; alone
 * every individual has its own.
 */
export class Population {
  readonly #settings: ResolvedSettings;
  readonly #merged: boolean;
  readonly #steps: EvolutionStep[] = [];
  #scored: Scored[] = [];
  /** The best score of any decision so far: children of a synchronous generation count before they take their places. */
  #highest = Number.NEGATIVE_INFINITY;
  /** Synchronous generations around a merger: the best child of the generation so far. */
  #leader: CandidateRecord | undefined;

  constructor(options: { settings: ResolvedSettings; merged: boolean }) {
    this.#settings = options.settings;
    this.#merged = options.merged;
  }

  begin(records: readonly InitialRecord[]): void {
    this.#scored = records.map((record) => scoredOf(record));
  }

  /** By individual; undefined around a merger. */
  get scores(): readonly number[] | undefined {
    return this.#merged ? undefined : this.#scored.map(({ score }) => score);
  }

  /** What a child of an individual must beat. */
  bar(individual: number): number {
    // Only one child of a synchronous generation can replace its parent where all share one score: two that are better
    // alone may be worse together.
    return this.#leader?.verdict.score ?? this.#own(individual).score;
  }

  /** The best individual, or the merged population; the first among equals. */
  get best(): Scored {
    const [first, ...others] = this.#scored;
    if (first === undefined) throw new RangeError('the population has not begun');
    return others.reduce((best, scored) => (scored.score > best.score ? scored : best), first);
  }

  /** The population with some further steps; `individual`: that one alone. */
  genealogy(further: readonly EvolutionStep[], individual?: number): Genealogy {
    const { seed, mode, scale, crossover, update, dtype, exclude } = this.#settings;
    const steps = [...this.#steps, ...further];
    const settings = { seed, mode, scale, crossover, update, dtype, exclude };
    return { ...settings, steps, ...(individual === undefined ? {} : { individual }) };
  }

  /** The population as the result of the search. */
  result(): Genealogy {
    return this.#merged ? this.genealogy([]) : this.genealogy([], this.#scored.indexOf(this.best));
  }

  /** A child takes its parent's place. */
  accept(record: CandidateRecord): void {
    const { step } = record;
    if (step === undefined) throw new RangeError('a candidate of an evolution has a step');
    this.#steps.push(step);
    this.#scored[this.#merged ? 0 : step.individual] = scoredOf(record);
  }

  /** The accepted children of a synchronous generation take their places; around a merger only the best one does. */
  acceptTogether(records: readonly CandidateRecord[]): void {
    this.#leader = undefined;
    const placed = this.#merged ? records.slice(-1) : records;
    for (const record of placed) this.accept(record);
  }

  /** Best and mean score after a decision that may not have taken effect yet. */
  summary(record: CandidateRecord): { best: number; mean: number } {
    const after = this.#scored.map(({ score }) => score);
    const { step, accepted, verdict } = record;
    if (accepted && step !== undefined) after[this.#merged ? 0 : step.individual] = verdict.score ?? 0;
    if (accepted && this.#merged && this.#settings.update === 'synchronous') {
      if (this.#leader !== undefined) this.#leader.superseded = true;
      this.#leader = record;
    }
    this.#highest = Math.max(this.#highest, ...after);
    return { best: this.#highest, mean: after.reduce((sum, score) => sum + score, 0) / after.length };
  }

  #own(individual: number): Scored {
    const scored = this.#scored[this.#merged ? 0 : individual];
    if (scored === undefined) throw new RangeError(`there is no individual ${individual}`);
    return scored;
  }
}

function scoredOf(record: InitialRecord | CandidateRecord): Scored {
  const { score, datasets } = record.verdict;
  if (score === undefined || datasets === undefined) {
    throw new RunError({
      code: 'evolve/no-score',
      message: `${'name' in record ? record.name : `candidate ${record.number + 1}`} was not scored to the end`,
      hint: 'the judge must score to the end what it does not reject',
    });
  }
  return { score, datasets, ...('number' in record ? { candidate: record.number } : {}) };
}
