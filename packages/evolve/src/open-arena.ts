import { mkdir, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ModelInput, openRace, type Race, type RaceTrace, type RisingBar } from '@hubfuse/evaluate';
import { type MergeBuilder, type MergePlan, openBuilder, planCandidate } from '@hubfuse/merge';
import { HubfuseError } from '@hubfuse/plugin';
import { makeArenaFolder } from './arena-folders.ts';
import type { Arena, ArenaOptions, Candidate } from './arena-types.ts';
import { CandidatePlaces } from './candidate-places.ts';
import { divideArenaMemory } from './divide-arena-memory.ts';
import { memoryFolder } from './memory-folder.ts';
import type { JudgeOptions } from './search-types.ts';

const DEFAULT_MEMORY = 2 ** 30;

/** What says that a candidate's own numbers are no model: a reason to reject it, not to end the search. */
const UNFIT = new Set(['tensors/overflow', 'tensors/not-finite', 'evaluate/not-finite', 'statistics/not-finite']);

/** Steps of an evolution that are kept as weights at a time where these lie on the disk: writing costs more there. */
const STEPS_ON_DISK = 4;

/**
 * Opens a place where candidates are built and raced. Threads, kernels, opened inputs and the weights of an evolved
 * population are kept from one candidate to the next. A candidate and the population lie in memory where the memory granted
 * holds them, else on the disk. onnxruntime maps a candidate's file: of all ways to hand weights over that is the cheapest at
 * every size that was measured.
 */
export async function openArena(options: ArenaOptions): Promise<Arena> {
  const { registry, memory = DEFAULT_MEMORY, scratch = tmpdir(), signal } = options;
  const { workers = availableParallelism(), parallel = 1 } = options;
  const divide = (plan: MergePlan) => divideArenaMemory({ registry, plan, memory, workers, parallel });
  const widened = planCandidate(options.plan);
  // On the disk writing twice the bytes costs more than widening them in each session.
  const widens = divide(widened).candidates > 0;
  const plan = widens ? widened : options.plan;
  const division = divide(plan);
  const { candidates, candidateBytes, population, populationBytes } = division;
  const bytes = candidates * candidateBytes + (population ? populationBytes : 0);
  const inMemory = bytes === 0 ? undefined : await memoryFolder({ bytes, most: memory });
  const onDisk = await makeArenaFolder(scratch);
  const fast = inMemory === undefined ? undefined : await makeArenaFolder(inMemory);
  const carriedFast = fast !== undefined && population;
  return new FolderArena({
    options,
    planCandidate: widens ? planCandidate : (plan) => plan,
    race: openRace({ ...options, workers: division.workers, memory: division.sessions }),
    builder: openBuilder({
      ...{ plan, registry, signal },
      workers: division.workers,
      memory: division.building,
      keep: division.kept,
      carry: {
        folder: join(carriedFast ? fast : onDisk, 'population'),
        ...(carriedFast ? { ahead: true } : { steps: STEPS_ON_DISK }),
      },
    }),
    folders: fast === undefined ? [onDisk] : [fast, onDisk],
    places: new CandidatePlaces([
      ...(fast === undefined ? [] : [{ folder: fast, places: candidates }]),
      { folder: onDisk, places: Number.POSITIVE_INFINITY },
    ]),
    parallel: Math.min(parallel, division.workers),
    overlaps: fast === undefined || candidates > Math.min(parallel, division.workers),
  });
}

class FolderArena implements Arena {
  readonly parallel: number;
  readonly #options: ArenaOptions;
  readonly #planCandidate: (plan: MergePlan) => MergePlan;
  readonly #race: Race;
  readonly #builder: MergeBuilder;
  readonly #folders: readonly string[];
  readonly #places: CandidatePlaces;
  readonly #overlaps: boolean;
  #refreshed: Promise<unknown> = Promise.resolve();

  constructor(parts: {
    options: ArenaOptions;
    planCandidate(plan: MergePlan): MergePlan;
    race: Race;
    builder: MergeBuilder;
    folders: readonly string[];
    places: CandidatePlaces;
    parallel: number;
    /** Whether there is a place for one candidate more than are judged at once. */
    overlaps: boolean;
  }) {
    this.#options = parts.options;
    this.#planCandidate = parts.planCandidate;
    this.#race = parts.race;
    this.#builder = parts.builder;
    this.#folders = parts.folders;
    this.#places = parts.places;
    this.parallel = parts.parallel;
    this.#overlaps = parts.overlaps;
  }

  get environment(): Arena['environment'] {
    return this.#race.environment;
  }

  get seconds(): Arena['seconds'] {
    return { build: this.#builder.seconds, ...this.#race.seconds };
  }

  get bounded(): boolean {
    return this.#race.bounded;
  }

  async compose(
    initial: readonly Candidate[],
    options: Parameters<Arena['compose']>[1] = {},
  ): ReturnType<Arena['compose']> {
    return await this.#race.compose(this.#oneByOne(initial), options);
  }

  use(batches: Parameters<Arena['use']>[0]): void {
    this.#race.use(batches);
  }

  async judge(candidate: Candidate, options: JudgeOptions): ReturnType<Arena['judge']> {
    const place = this.#places.take();
    let isOpen = false;
    // Where there is room for another candidate it may be built while the sessions over this one are being closed.
    const onClosed = this.#overlaps ? () => this.#places.giveBack(place) : undefined;
    try {
      await this.#build(candidate, place);
      const { bar, rising = bar, signal } = options;
      isOpen = true;
      return await this.#race.run(this.#input(place), { bar: rising, signal, onClosed });
    } catch (error) {
      return { accepted: false, failure: requireUnfit(error, options.bar), examples: 0, total: this.#examples };
    } finally {
      if (onClosed === undefined || !isOpen) this.#places.giveBack(place);
    }
  }

  async trace(
    candidate: Candidate,
    options: { bar?: RisingBar | undefined; signal?: AbortSignal | undefined },
  ): Promise<RaceTrace> {
    const place = this.#places.take();
    try {
      await this.#build(candidate, place);
      const { trace, cause } = await this.#race.trace(this.#input(place), options);
      if (trace.failure !== undefined) requireUnfit(cause, options.bar);
      return trace;
    } catch (error) {
      const failure = requireUnfit(error, options.bar);
      return { bounded: true, standings: [], datasets: [], total: this.#examples, failure };
    } finally {
      this.#places.giveBack(place);
    }
  }

  get #examples(): number {
    return this.#options.datasets.reduce((sum, { examples }) => sum + examples.length, 0);
  }

  async close(): Promise<void> {
    await Promise.all([this.#race.close(), this.#builder.close()]);
    await Promise.all(this.#folders.map((folder) => rm(folder, { recursive: true, force: true })));
  }

  /** A candidate is done with when the next one is asked for. */
  async *#oneByOne(candidates: readonly Candidate[]): AsyncGenerator<ModelInput> {
    for (const candidate of candidates) {
      const place = this.#places.take();
      try {
        await this.#build(candidate, place);
        yield this.#input(place);
      } finally {
        this.#places.giveBack(place);
      }
    }
  }

  #input(place: string): ModelInput {
    return { family: this.#options.family, weights: place };
  }

  async #build({ plan, genealogy }: Candidate, place: string): Promise<void> {
    const { folders, statistics, refresh } = this.#options;
    await mkdir(place, { recursive: true });
    const build = { folders, genealogy, out: place };
    if (refresh === undefined || genealogy === undefined || genealogy.steps.length === 0) {
      return await this.#builder.build({ ...build, plan: this.#planCandidate(plan), statistics });
    }
    const done = this.#refreshed.then(async () => {
      const own = await refresh({ plan, genealogy }, (individual) => this.#builder.build(individual));
      await this.#builder.build({ ...build, ...own, plan: this.#planCandidate(own.plan) });
    });
    this.#refreshed = done.catch(() => undefined);
    await done;
  }
}

/** Why a candidate is no model, which rejects it. @throws anything else, and where it is what the search starts from, without a bar. */
function requireUnfit(error: unknown, bar: unknown): string {
  if (error instanceof HubfuseError && UNFIT.has(error.code) && bar !== undefined) return error.summary;
  throw error;
}
