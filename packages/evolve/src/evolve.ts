import type { EvolutionStep, Genealogy } from '@hubfuse/merge';
import { UsageError } from '@hubfuse/plugin';
import { chooseReferences } from './choose-references.ts';
import { seededDraws } from './draws.ts';
import { type ResolvedSettings, resolveSettings } from './evolver-settings.ts';
import type { EvolveOptions, EvolveResult, SearchDraws } from './evolver-types.ts';
import { Ledger } from './ledger.ts';
import { Population } from './population.ts';
import type { CandidateRecord, SearchEnd } from './search-types.ts';

/**
 * Evolves models against each other on development data: Evolver alone, or around a merge method. A killed search resumes
 * from its checkpoint and comes to the same end; an ended one returns its result without scoring anything.
 * @throws UsageError for settings, models or budgets that are no search
 * @throws RunError where the checkpoint is not of this search, or its processor is not of this kind
 */
export async function evolve(options: EvolveOptions): Promise<EvolveResult> {
  const settings = resolveSettings(options);
  if (settings.reference === 'best' && options.merged && settings.mode === 'blend') throw noScores();
  const budget = options.budget ?? {};
  const generations = Math.min(settings.generations, budget.generations ?? Number.POSITIVE_INFINITY);
  const ledger = await Ledger.open(options, { kind: 'evolution', budget: { ...budget, generations } });
  const evolution = new Evolution({ options, settings, ledger });
  await evolution.start();
  const reason = await evolution.run();
  return evolution.result(reason);
}

class Evolution {
  readonly #options: EvolveOptions;
  readonly #settings: ResolvedSettings;
  readonly #ledger: Ledger<Genealogy>;
  readonly #draws: SearchDraws;
  readonly #population: Population;

  constructor(parts: { options: EvolveOptions; settings: ResolvedSettings; ledger: Ledger<Genealogy> }) {
    this.#options = parts.options;
    this.#settings = parts.settings;
    this.#ledger = parts.ledger;
    this.#draws = parts.options.draws ?? seededDraws(parts.settings.seed);
    this.#population = new Population({ settings: parts.settings, merged: parts.options.merged });
  }

  /** Scores what the search starts from. */
  async start(): Promise<void> {
    const { models, merged } = this.#options;
    if (merged) this.#population.begin([await this.#ledger.initial('merged', this.#population.genealogy([]))]);
    else {
      const records = [];
      for (const [individual, name] of models.entries()) {
        records.push(await this.#ledger.initial(name, this.#population.genealogy([], individual)));
      }
      this.#population.begin(records);
    }
  }

  async run(): Promise<SearchEnd> {
    for (let generation = 0; ; generation++) {
      const spent = this.#ledger.exhausted(generation) ?? (await this.#generation(generation));
      if (spent !== undefined) return spent;
    }
  }

  async result(reason: SearchEnd): Promise<EvolveResult> {
    const { best } = this.#population;
    await this.#ledger.end(reason, best.score);
    const { initial, candidates, environment, otherEnvironments } = this.#ledger.state;
    return {
      ended: reason,
      best: {
        score: best.score,
        datasets: best.datasets,
        ...(best.candidate === undefined ? {} : { candidate: best.candidate }),
      },
      initial,
      candidates,
      spent: this.#ledger.spent,
      environment,
      ...(otherEnvironments === undefined ? {} : { otherEnvironments }),
      genealogy: this.#population.result(),
    };
  }

  /** Gives every individual a rival. Returns what is spent, where that ends the search within the generation. */
  async #generation(generation: number): Promise<SearchEnd | undefined> {
    const { models } = this.#options;
    const { order, update } = this.#settings;
    const turn = order === 'random' ? this.#draws.order(generation, models.length) : models.keys();
    const scores = this.#population.scores;
    const waiting: CandidateRecord[] = [];
    let spent: SearchEnd | undefined;
    for (const individual of turn) {
      spent = this.#ledger.exhausted(generation);
      if (spent !== undefined) break;
      const seen = update === 'steady' ? this.#population.scores : scores;
      const record = await this.#rival({ generation, individual, scores: seen });
      if (!record.accepted) continue;
      if (update === 'steady') this.#population.accept(record);
      else waiting.push(record);
    }
    this.#population.acceptTogether(waiting);
    return spent;
  }

  async #rival(options: {
    generation: number;
    individual: number;
    scores: readonly number[] | undefined;
  }): Promise<CandidateRecord> {
    const { generation, individual, scores } = options;
    const references = chooseReferences({
      settings: this.#settings,
      draws: this.#draws,
      individuals: this.#options.models.length,
      generation,
      individual,
      scores,
    });
    const step: EvolutionStep = { generation, individual, references };
    const subject = this.#population.genealogy([step], this.#options.merged ? undefined : individual);
    return this.#ledger.decide({ generation, step, bar: this.#population.bar(individual), subject }, (record) =>
      this.#population.summary(record),
    );
  }
}

function noScores(): UsageError {
  return new UsageError({
    code: 'evolve/bad-setting',
    where: 'reference',
    message: 'around a merger single individuals have no scores, so there is no best reference',
    hint: 'leave it at random',
  });
}
