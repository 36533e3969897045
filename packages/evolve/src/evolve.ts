import type { Verdict } from '@hubfuse/evaluate';
import type { EvolutionStep, Genealogy } from '@hubfuse/merge';
import { UsageError } from '@hubfuse/plugin';
import { chooseReferences } from './choose-references.ts';
import { seededDraws } from './draws.ts';
import { type ResolvedSettings, resolveSettings } from './evolver-settings.ts';
import type { EvolveOptions, EvolveResult, SearchDraws } from './evolver-types.ts';
import { Ledger } from './ledger.ts';
import { Population } from './population.ts';
import type { CandidateRecord, SearchEnd } from './search-types.ts';
import { SideBySide } from './side-by-side.ts';

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
    const turn = order === 'random' ? this.#draws.order(generation, models.length) : [...models.keys()];
    return update === 'steady' ? this.#oneByOne(generation, turn) : this.#together(generation, turn);
  }

  /** Each child sees those before it. */
  async #oneByOne(generation: number, turn: readonly number[]): Promise<SearchEnd | undefined> {
    for (const individual of turn) {
      const spent = this.#ledger.exhausted(generation);
      if (spent !== undefined) return spent;
      const record = await this.#decide(this.#rival({ generation, individual, scores: this.#population.scores }));
      if (record.accepted) this.#population.accept(record);
    }
    return undefined;
  }

  /** All children see the population as it was when the generation began, so they can be judged side by side. */
  async #together(generation: number, turn: readonly number[]): Promise<SearchEnd | undefined> {
    const { judge, parallel = 1, replay, signal } = this.#options;
    const scores = this.#population.scores;
    const rivals = turn.map((individual) => this.#rival({ generation, individual, scores }));
    const group = new SideBySide<Genealogy>({ judge, parallel, signal });
    const accepted: CandidateRecord[] = [];
    let spent: SearchEnd | undefined;
    try {
      for (const [index, rival] of rivals.entries()) {
        spent = this.#ledger.exhausted(generation);
        if (spent !== undefined) break;
        for (const [later, { subject, step }] of rivals.entries()) {
          if (later < index || this.#ledger.holds(later - index) || replay === true) continue;
          const bar = this.#population.bar(step.individual);
          group.start(later, { subject, bar });
          group.raise(later, bar);
        }
        const bar = this.#population.bar(rival.step.individual);
        const record = await this.#decide(rival, () => group.verdict(index, bar));
        if (record.accepted) accepted.push(record);
      }
    } finally {
      await group.giveUp();
    }
    this.#population.acceptTogether(accepted);
    return spent;
  }

  #rival(options: { generation: number; individual: number; scores: readonly number[] | undefined }): Rival {
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
    return { step, subject };
  }

  async #decide({ step, subject }: Rival, verdict?: () => Promise<Verdict>): Promise<CandidateRecord> {
    const { generation, individual } = step;
    const bar = this.#population.bar(individual);
    const judged = verdict === undefined ? {} : { verdict };
    return this.#ledger.decide({ generation, step, bar, subject, ...judged }, (record) =>
      this.#population.summary(record),
    );
  }
}

/** A child that is to be decided on. */
interface Rival {
  step: EvolutionStep;
  subject: Genealogy;
}

function noScores(): UsageError {
  return new UsageError({
    code: 'evolve/bad-setting',
    where: 'reference',
    message: 'around a merger single individuals have no scores, so there is no best reference',
    hint: 'leave it at random',
  });
}
