import { UsageError } from '@hubfuse/plugin';
import type { CmaEs } from './cma-es.ts';
import type {
  CoefficientResult,
  CoefficientSettings,
  Dimension,
  SearchCoefficientsOptions,
} from './coefficient-types.ts';
import { Ledger } from './ledger.ts';
import { Restarts } from './restarts.ts';
import type { CandidateRecord, InitialRecord, SearchEnd } from './search-types.ts';

const DEFAULTS = { seed: 0, sigma: 1 / 6, restarts: 'bipop', evaluations: 100 } as const;

/**
 * Searches coefficients on development data by CMA-ES: the start is scored first, and the best point seen is the result. A
 * candidate is scored to the end only as far as it can be among those that move the distribution, so racing changes nothing.
 * @throws UsageError for settings, dimensions or budgets that are no search
 * @throws RunError where the checkpoint is not of this search, or its processor is not of this kind
 */
export async function searchCoefficients(options: SearchCoefficientsOptions): Promise<CoefficientResult> {
  const { dimensions } = options;
  const settings = resolve(options.settings, dimensions);
  const budget = { ...options.budget, evaluations: options.budget?.evaluations ?? settings.evaluations };
  const ledger = await Ledger.open(options, { kind: 'coefficients', budget });
  const search = new CoefficientSearch({ dimensions, settings, ledger });
  await search.start();
  const reason = await search.run();
  return await search.result(reason);
}

type Settings = { [Key in keyof CoefficientSettings]-?: NonNullable<CoefficientSettings[Key]> };

class CoefficientSearch {
  readonly #dimensions: readonly Dimension[];
  readonly #ledger: Ledger<readonly number[]>;
  readonly #population: number;
  readonly #restarts: Restarts;
  #best: { point: readonly number[]; record: InitialRecord | CandidateRecord } | undefined;
  #generation = 0;

  constructor(parts: { dimensions: readonly Dimension[]; settings: Settings; ledger: Ledger<readonly number[]> }) {
    this.#dimensions = parts.dimensions;
    this.#ledger = parts.ledger;
    this.#population = parts.settings.population;
    const start = parts.dimensions.map(({ low, high, start }) => (start - low) / (high - low));
    this.#restarts = new Restarts({ settings: parts.settings, population: this.#population, start });
  }

  async start(): Promise<void> {
    const point = this.#dimensions.map(({ start }) => start);
    this.#best = { point, record: await this.#ledger.initial('start', point) };
  }

  async run(): Promise<SearchEnd> {
    for (let search = this.#restarts.next(); search !== undefined; search = this.#restarts.next()) {
      while (!search.converged) {
        const spent = await this.#step(search);
        if (spent !== undefined) return spent;
      }
    }
    return 'converged';
  }

  async result(reason: SearchEnd): Promise<CoefficientResult> {
    const { point, record } = this.#found;
    await this.#ledger.end(reason, scoreOf(record));
    const { initial, candidates, environment, otherEnvironments } = this.#ledger.state;
    return {
      ended: reason,
      best: {
        score: scoreOf(record),
        datasets: record.verdict.datasets ?? {},
        ...('number' in record ? { candidate: record.number } : {}),
      },
      initial,
      candidates,
      spent: this.#ledger.spent,
      environment,
      ...(otherEnvironments === undefined ? {} : { otherEnvironments }),
      point,
    };
  }

  get #found(): { point: readonly number[]; record: InitialRecord | CandidateRecord } {
    if (this.#best === undefined) throw new RangeError('the search has not begun');
    return this.#best;
  }

  /** One generation. Returns what is spent, where that ends the search within it. */
  async #step(search: CmaEs): Promise<SearchEnd | undefined> {
    const generation = this.#generation++;
    const scored: CandidateRecord[] = [];
    for (let index = 0; index < search.population; index++) {
      const spent = this.#ledger.exhausted(generation);
      if (spent !== undefined) return spent;
      const record = await this.#try(search.ask(), { generation, scored, parents: search.parents });
      if (record.verdict.score !== undefined) scored.push(record);
      // Of equal scores the earlier one stays in front.
      scored.sort((a, b) => scoreOf(b) - scoreOf(a) || a.number - b.number);
    }
    this.#restarts.spend(search.population);
    search.tell(
      scored.map(({ point = [] }) => this.#toCube(point)),
      scoreOf(scored[0] ?? this.#found.record),
    );
    return undefined;
  }

  async #try(
    cube: readonly number[],
    context: { generation: number; scored: readonly CandidateRecord[]; parents: number },
  ): Promise<CandidateRecord> {
    const { generation, scored, parents } = context;
    const point = this.#dimensions.map(({ low, high }, index) => low + (cube[index] ?? 0) * (high - low));
    // What is no better than as many others of its generation as move the distribution moves nothing.
    const worst = scored[parents - 1];
    const bar = worst === undefined ? {} : { bar: scoreOf(worst) };
    const best = scoreOf(this.#found.record);
    const isBest = (score: number | undefined) => score !== undefined && score > best;
    const record = await this.#ledger.decide(
      { generation, point, ...bar, subject: point, accepts: ({ score }) => isBest(score) },
      ({ verdict: { score } }) => {
        const known = [...scored.map(scoreOf), ...(score === undefined ? [] : [score])];
        const mean = known.reduce((sum, value) => sum + value, 0) / known.length;
        return { best: Math.max(best, score ?? best), mean };
      },
    );
    if (record.accepted) this.#best = { point: record.point ?? point, record };
    return record;
  }

  #toCube(point: readonly number[]): number[] {
    return this.#dimensions.map(({ low, high }, index) => ((point[index] ?? low) - low) / (high - low));
  }
}

function scoreOf({ verdict }: Pick<CandidateRecord, 'verdict'>): number {
  return verdict.score ?? Number.NEGATIVE_INFINITY;
}

function resolve(settings: CoefficientSettings = {}, dimensions: readonly Dimension[]): Settings {
  const usual = 4 + Math.floor(3 * Math.log(Math.max(1, dimensions.length)));
  const resolved: Settings = {
    seed: settings.seed ?? DEFAULTS.seed,
    population: settings.population ?? usual,
    sigma: settings.sigma ?? DEFAULTS.sigma,
    restarts: settings.restarts ?? DEFAULTS.restarts,
    evaluations: settings.evaluations ?? DEFAULTS.evaluations,
  };
  const refuse = (where: string, message: string, hint?: string): never => {
    throw new UsageError({ code: 'evolve/bad-setting', where, message, hint });
  };
  if (dimensions.length === 0) refuse('dimensions', 'there is nothing to search', 'name at least one coefficient');
  for (const { name, low, high, start } of dimensions) {
    if (!(low < high)) refuse(name, `its range from ${low} to ${high} is empty`);
    if (!(start >= low && start <= high)) refuse(name, `it starts at ${start}, outside ${low} to ${high}`);
  }
  const { population, sigma, seed } = resolved;
  if (!Number.isInteger(population) || population < 2)
    refuse('population', `a population of ${population} cannot be ranked`);
  if (!(sigma > 0 && sigma <= 1)) refuse('sigma', `the first step is ${sigma}, and must be a share of the range`);
  if (!Number.isSafeInteger(seed) || seed < 0)
    refuse('seed', `${seed} is no seed`, 'a whole number from 0 to 2^53 - 1');
  return resolved;
}
