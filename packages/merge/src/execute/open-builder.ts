import type { MethodProgram, Registry } from '@hubfuse/plugin';
import type { WorkerPool } from '@hubfuse/tensors';
import { CarriedPopulation, type CarryOptions } from '../evolution/carried-population.ts';
import { checkGenealogy } from '../evolution/check-genealogy.ts';
import type { Genealogy } from '../evolution/genealogy.ts';
import { KnownEntries } from '../evolution/known-entries.ts';
import type { MergePlan } from '../plan/merge-plan.ts';
import { divideMemory } from './divide-memory.ts';
import type { FoundBefore } from './found-before.ts';
import { inOrder } from './in-order.ts';
import { writeKeptHeads } from './kept-heads.ts';
import { openMergeThreads } from './merge-threads.ts';
import type { MergeJob } from './merge-worker.ts';
import { layOutputs } from './output-files.ts';
import { writeTaskFiles } from './task-files.ts';
import { writingUnits } from './units.ts';
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
  const { workers, residentBytes } = divideMemory(options);
  const { registry, signal, carry } = options;
  return new ThreadedBuilder({
    ...{ registry, residentBytes, carry },
    pool: openMergeThreads({ registry, workers, signal, outlivesFailures: true }),
  });
}

class ThreadedBuilder implements MergeBuilder {
  readonly #registry: Registry;
  readonly #residentBytes: number;
  readonly #pool: WorkerPool;
  readonly #carried: CarriedPopulation | undefined;
  readonly #known = new KnownEntries();
  #last: Promise<unknown> = Promise.resolve();

  constructor(parts: {
    registry: Registry;
    residentBytes: number;
    carry: CarryOptions | undefined;
    pool: WorkerPool;
  }) {
    this.#registry = parts.registry;
    this.#residentBytes = parts.residentBytes;
    this.#pool = parts.pool;
    const { carry } = parts;
    this.#carried = carry && new CarriedPopulation({ ...carry, build: (build) => this.#build(build) });
  }

  get seconds(): number {
    return this.#pool.seconds;
  }

  build(build: Build): Promise<void> {
    const done = this.#last.then(async () => {
      checkGenealogy(build.plan, build.genealogy);
      const program = this.#programOf(build.plan);
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

  #programOf({ method, models, parameters, modelParameters }: MergePlan): MethodProgram {
    return this.#registry.get('method', method).program({ models, parameters, modelParameters });
  }

  async #build({ plan, folders, genealogy, statistics = [], out }: Build, before?: FoundBefore): Promise<void> {
    const program = this.#programOf(plan);
    await layOutputs(plan, out);
    const assignment = {
      ...{ plan, folders, genealogy, statistics, out, residentBytes: this.#residentBytes },
      files: plan.outputs.map(({ path }) => path),
    };
    try {
      await this.#pool.runInAll({ kind: 'assign', assignment } satisfies MergeJob);
      const results = await wholeModelSweeps({ plan, program, pool: this.#pool, before });
      await inOrder({
        items: writingUnits(plan, program),
        parallel: this.#pool.size,
        start: (blocks) => writeUnit({ plan, program, results, pool: this.#pool, before }, blocks),
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

/** Whether a method reads the models more than once: statistics over the whole model, or layers by pieces. */
function readsAgain({ scope, sweeps, linear }: MethodProgram): boolean {
  return (scope === 'model' && sweeps.length > 0) || linear !== undefined;
}
