import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ModelInput, openRace, type Race } from '@hubfuse/evaluate';
import { executeMerge } from '@hubfuse/merge';
import { HubfuseError } from '@hubfuse/plugin';
import type { Arena, ArenaOptions, Candidate } from './arena-types.ts';
import { memoryFolder } from './memory-folder.ts';

const DEFAULT_MEMORY = 2 ** 30;

/** What says that a candidate's own numbers are no model: a reason to reject it, not to end the search. */
const UNFIT = new Set(['tensors/overflow', 'tensors/not-finite', 'evaluate/not-finite']);

/** Share of the memory granted that candidates in memory may take; building and sessions need the rest. */
const CANDIDATE_SHARE = 4;

/**
 * Opens a place where candidates are built and raced. A candidate lies in memory where a quarter of the memory granted holds it,
 * else on the disk, for as long as it is scored.
 */
export async function openArena(options: ArenaOptions): Promise<Arena> {
  const { plan, memory = DEFAULT_MEMORY, scratch = tmpdir() } = options;
  const parent = (await memoryFolder({ bytes: plan.totals.writeBytes, most: memory / CANDIDATE_SHARE })) ?? scratch;
  return new FolderArena(options, openRace(options), await mkdtemp(join(parent, `hubfuse-arena.${process.pid}.`)));
}

class FolderArena implements Arena {
  readonly times = { build: 0, load: 0, score: 0 };
  readonly #options: ArenaOptions;
  readonly #race: Race;
  readonly #folder: string;
  #built = 0;

  constructor(options: ArenaOptions, race: Race, folder: string) {
    this.#options = options;
    this.#race = race;
    this.#folder = folder;
  }

  get environment(): Arena['environment'] {
    return this.#race.environment;
  }

  get bounded(): boolean {
    return this.#race.bounded;
  }

  async compose(
    initial: readonly Candidate[],
    options: Parameters<Arena['compose']>[1] = {},
  ): ReturnType<Arena['compose']> {
    const built: string[] = [];
    try {
      for (const candidate of initial) built.push(await this.#build(candidate, options.signal));
      return await this.#race.compose(
        built.map((weights) => this.#input(weights)),
        options,
      );
    } finally {
      await Promise.all(built.map((weights) => rm(weights, { recursive: true, force: true })));
    }
  }

  use(batches: Parameters<Arena['use']>[0]): void {
    this.#race.use(batches);
  }

  async judge(candidate: Candidate, options: Parameters<Arena['judge']>[1]): ReturnType<Arena['judge']> {
    try {
      return await this.#score(await this.#build(candidate, options.signal), options);
    } catch (error) {
      const unfit = error instanceof HubfuseError && UNFIT.has(error.code);
      // Without a bar it is what the search starts from.
      if (!unfit || options.bar === undefined) throw error;
      const total = this.#options.datasets.reduce((sum, { examples }) => sum + examples.length, 0);
      return { accepted: false, failure: error.summary, examples: 0, total };
    }
  }

  async close(): Promise<void> {
    await this.#race.close();
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #score(weights: string, options: Parameters<Arena['judge']>[1]): ReturnType<Arena['judge']> {
    const began = performance.now();
    try {
      return await this.#race.run(this.#input(weights), options);
    } finally {
      this.times.score += (performance.now() - began) / 1000;
      await rm(weights, { recursive: true, force: true });
    }
  }

  #input(weights: string): ModelInput {
    return { family: this.#options.family, weights };
  }

  async #build({ plan, genealogy }: Candidate, signal: AbortSignal | undefined): Promise<string> {
    const { folders, statistics, registry, workers, memory } = this.#options;
    const began = performance.now();
    const out = join(this.#folder, String(this.#built++));
    await mkdir(out);
    try {
      await executeMerge({ plan, genealogy, folders, statistics, out, registry, workers, memory, signal });
    } catch (error) {
      await rm(out, { recursive: true, force: true });
      throw error;
    }
    this.times.build += (performance.now() - began) / 1000;
    return out;
  }
}
