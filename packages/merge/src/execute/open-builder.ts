import type { MethodProgram, Registry } from '@hubfuse/plugin';
import type { WorkerPool } from '@hubfuse/tensors';
import { CarriedPopulation, type CarryOptions } from '../evolution/carried-population.ts';
import { checkGenealogy } from '../evolution/check-genealogy.ts';
import type { Genealogy } from '../evolution/genealogy.ts';
import { KnownEntries } from '../evolution/known-entries.ts';
import type { MergePlan } from '../plan/merge-plan.ts';
import { divideMemory } from './divide-memory.ts';
import type { FoundBefore } from './found-before.ts';
import { Homes } from './homes.ts';
import { inOrder } from './in-order.ts';
import { writeKeptHeads } from './kept-heads.ts';
import { KeptRows } from './kept-rows.ts';
import type { KeptRoom } from './merge-assignment.ts';
import { assignMerge, openMergeThreads } from './merge-threads.ts';
import { layOutputs } from './output-files.ts';
import { writeTaskFiles } from './task-files.ts';
import { type BlockReference, blocksOf, isShared, type Unit, writingUnits } from './units.ts';
import { wholeModelSweeps } from './whole-model-sweeps.ts';
import { writeUnit } from './write-units.ts';

export interface BuilderOptions {
  registry: Registry;
  /** A plan with the tensors and the number of models that all builds have. */
  plan: MergePlan;
  /** Worker threads. Default: one per core. */
  workers?: number | undefined;
  /** Bytes that building may take, this process included. Default 1 GiB. */
  memory?: number | undefined;
  /** Where an evolved population is carried along from one build to the next. Absent: every build replays all steps. */
  carry?: CarryOptions | undefined;
  /**
   * Whether the threads keep the values of models and of the evolved population from one build to the next, where the memory
   * granted holds them: then nothing is carried along in files. Default false.
   */
  keep?: boolean | undefined;
  signal?: AbortSignal | undefined;
}

/** What to build. */
export interface Build {
  plan: MergePlan;
  /** Local folder of each input, in the order of `plan.inputs`. */
  folders: readonly string[];
  genealogy?: Genealogy | undefined;
  /** Local folder of each statistics file, in the order of `plan.statistics`. */
  statistics?: readonly string[] | undefined;
  /** Whether the same population is built again next: what the steps have changed is then computed once. Default false. */
  again?: boolean | undefined;
  /** Folder that the files are in afterwards; those that an earlier build has left there are written over in place. */
  out: string;
}

/** Builds one result of a merge after the other. */
export interface MergeBuilder {
  /**
   * Writes the bytes that `executeMerge` would write, for a result that is used at once: nothing is hashed, made durable
   * or resumed. Builds are carried out one after the other, each by all threads.
   * @throws as `executeMerge`; the builder outlives it
   */
  build(build: Build): Promise<void>;
  /** Seconds of processor time that the threads have taken for builds, as `threadSeconds` tells them. */
  readonly seconds: number;
  /** Ends the threads. */
  close(): Promise<void>;
}

/**
 * Starts threads that keep kernels, their memory and opened inputs from one build to the next.
 * @throws ResourceError where the memory does not suffice
 */
export function openBuilder(options: BuilderOptions): MergeBuilder {
  const { workers, residentBytes, spareBytes } = divideMemory(options);
  const { registry, signal, carry, plan, keep } = options;
  const program = programOf(registry, plan);
  const homes = new Homes({ plan, program, workers });
  const kept = keep === true ? keptRoom({ plan, program, homes, spareBytes }) : undefined;
  return new ThreadedBuilder({
    registry,
    residentBytes: Math.min(residentBytes, spareBytes - (kept?.bytes ?? 0)),
    ...(kept === undefined ? { carry } : { keep: { homes, kept } }),
    pool: openMergeThreads({ workers, signal, outlivesFailures: true }),
  });
}

/**
 * The memory that all threads need to keep a base, a population and a candidate's own individual, in bytes; `notes`: and what a method
 * leaves to itself.
 */
export function keptBytes(options: { registry: Registry; plan: MergePlan; workers: number; notes?: boolean }): number {
  const { registry, plan, workers, notes = false } = options;
  const program = programOf(registry, plan);
  return workers * roomOf(plan, new Homes({ plan, program, workers }), notes ? (program.notes ?? 0) : 0);
}

/** What there is room for in each thread: notes are the first to go without. */
function keptRoom(options: {
  plan: MergePlan;
  program: MethodProgram;
  homes: Homes;
  spareBytes: number;
}): KeptRoom | undefined {
  const { plan, program, homes, spareBytes } = options;
  for (const notes of new Set([program.notes ?? 0, 0])) {
    const bytes = roomOf(plan, homes, notes);
    if (bytes <= spareBytes) return { bytes, versions: versionsOf(plan), notes };
  }
  return undefined;
}

/** The room that each thread needs, in bytes. */
function roomOf(plan: MergePlan, homes: Homes, notes: number): number {
  const row = (length: number) => versionsOf(plan) * KeptRows.rowBytes(length);
  return Math.max(...homes.bytes(plan, (length) => row(length) + KeptRows.rowBytes(Math.floor(notes * length))));
}

/** The base's values, each individual's, and those of the child that is tried. */
function versionsOf({ models }: MergePlan): number {
  return models + 2;
}

function programOf(registry: Registry, { method, models, parameters, modelParameters }: MergePlan): MethodProgram {
  return registry.get('method', method).program({ models, parameters, modelParameters });
}

class ThreadedBuilder implements MergeBuilder {
  readonly #registry: Registry;
  readonly #residentBytes: number;
  readonly #pool: WorkerPool;
  readonly #carried: CarriedPopulation | undefined;
  readonly #keep: { homes: Homes; kept: KeptRoom } | undefined;
  readonly #known = new KnownEntries();
  #last: Promise<unknown> = Promise.resolve();

  constructor(parts: {
    registry: Registry;
    residentBytes: number;
    carry?: CarryOptions | undefined;
    keep?: { homes: Homes; kept: KeptRoom };
    pool: WorkerPool;
  }) {
    this.#registry = parts.registry;
    this.#residentBytes = parts.residentBytes;
    this.#pool = parts.pool;
    const { carry } = parts;
    this.#keep = parts.keep;
    this.#carried = carry && new CarriedPopulation({ ...carry, build: (build) => this.#build(build) });
  }

  get seconds(): number {
    return this.#pool.seconds;
  }

  build(build: Build): Promise<void> {
    const done = this.#last.then(async () => {
      checkGenealogy(build.plan, build.genealogy);
      const program = programOf(this.#registry, build.plan);
      const again = build.again === true || readsAgain(program);
      const before = this.#known.for(build, program);
      await this.#build((await this.#carried?.shorten(build, { again })) ?? build, before);
    });
    this.#last = done.catch(() => undefined);
    return done;
  }

  async close(): Promise<void> {
    await this.#pool.close();
  }

  async #build({ plan, folders, genealogy, statistics = [], out }: Build, before?: FoundBefore): Promise<void> {
    const program = programOf(this.#registry, plan);
    const homes = this.#keep?.homes;
    await layOutputs(plan, out);
    const assignment = {
      ...{ plan, folders, genealogy, statistics, out, residentBytes: this.#residentBytes },
      files: plan.outputs.map(({ path }) => path),
      kept: this.#keep?.kept,
    };
    try {
      await assignMerge(this.#pool, { registry: this.#registry, assignment });
      const results = await wholeModelSweeps({ plan, program, pool: this.#pool, before, homes });
      await inOrder({
        items: unitsAtHome(plan, program, homes),
        parallel: this.#pool.size,
        start: (blocks) => writeUnit({ plan, program, results, pool: this.#pool, before, homes }, blocks),
        finish: () => undefined,
      });
      await writeKeptHeads({ plan, folders, out });
      await writeTaskFiles({ plan, program, results, out });
    } finally {
      // The next build must find the threads idle.
      await this.#pool.rest();
    }
  }
}

/** The units of a plan; where blocks are at home, no unit is of two workers, but for those that they share. */
function unitsAtHome(plan: MergePlan, program: MethodProgram, homes: Homes | undefined): Unit[] {
  if (homes === undefined) return writingUnits(plan, program);
  const own: BlockReference[][][] = Array.from({ length: homes.workers }, () => []);
  const shared: BlockReference[][] = [];
  for (const index of plan.tensors.keys()) {
    const blocks = blocksOf(plan.tensors, [index]);
    if (blocks.length > 0 && isShared(plan, program, blocks)) shared.push(blocks);
    else for (const [home, some] of homes.divide(plan, blocks).entries()) if (some.length > 0) own[home]?.push(some);
  }
  const units = own.map((given) => writingUnits(plan, program, given));
  // In turn, so that each worker has its next one before the others have had all of theirs.
  const inTurn = Array.from({ length: Math.max(...units.map(({ length }) => length)) }, (_, nth) =>
    units.flatMap((some) => some.slice(nth, nth + 1)),
  );
  return [...writingUnits(plan, program, shared), ...inTurn.flat()];
}

/** Whether a method reads the models more than once: statistics over the whole model, or layers by pieces. */
function readsAgain({ scope, sweeps, linear }: MethodProgram): boolean {
  return (scope === 'model' && sweeps.length > 0) || linear !== undefined;
}
