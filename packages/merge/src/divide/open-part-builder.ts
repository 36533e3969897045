import { createHash } from 'node:crypto';
import { mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { MethodProgram, Registry, Sweep } from '@hubfuse/plugin';
import type { WorkerPool } from '@hubfuse/tensors';
import type { Genealogy } from '../evolution/genealogy.ts';
import { divideMemory } from '../execute/divide-memory.ts';
import { inOrder } from '../execute/in-order.ts';
import type { LayerNote } from '../execute/linear-tensor.ts';
import { assignMerge, openMergeThreads } from '../execute/merge-threads.ts';
import type { MergeJob } from '../execute/merge-worker.ts';
import type { BlockReference } from '../execute/units.ts';
import { elementsOf, sampleOf, sampleStride, statisticsBlocks, writingUnits } from '../execute/units.ts';
import { writeUnit } from '../execute/write-units.ts';
import type { MergePlan } from '../plan/merge-plan.ts';
import { divideMerge, divideRuns, filesOfBlocks, type MergePart, rangesOf } from './divide-merge.ts';
import type { MergeTask, SweptPart, WrittenPart } from './merge-task.ts';

/** Bytes that are read back at a time. */
const CHUNK_BYTES = 4 << 20;

export interface PartBuilderOptions {
  plan: MergePlan;
  genealogy?: Genealogy | undefined;
  /** Folder of each input, in the order of `plan.inputs`. A file may come there as late as a task reads it. */
  folders: readonly string[];
  registry: Registry;
  workers?: number | undefined;
  /** Bytes that it may use, this process included. Default 1 GiB. */
  memory?: number | undefined;
  /** Folder for what was written and not handed on yet; it needs room for one part. */
  scratch: string;
  signal?: AbortSignal | undefined;
}

/** Does parts of a merge that several processes share, one after the other. */
export interface PartBuilder {
  /** The files that a task reads: `input` is an index into `plan.inputs`. */
  filesOf(task: MergeTask): { input: number; file: string }[];
  sweep(task: MergeTask & { kind: 'sweep' }): Promise<SweptPart>;
  /** Writes a part, hands its bytes to `keep`, and says what they were. */
  write(
    task: MergeTask & { kind: 'write' },
    keep: (content: AsyncIterable<Uint8Array>) => Promise<void>,
  ): Promise<WrittenPart>;
  /** Closes the inputs between two tasks, so that files that are removed give their space back. */
  closeInputs(): Promise<void>;
  /** Ends its threads. */
  close(): Promise<void>;
}

/**
 * Starts threads for parts of one merge.
 * @throws ResourceError where the memory does not suffice
 */
export async function openPartBuilder(options: PartBuilderOptions): Promise<PartBuilder> {
  const { plan, genealogy, folders, registry, scratch, signal } = options;
  const { workers, residentBytes } = divideMemory(options);
  const pool = openMergeThreads({ workers, signal, outlivesFailures: true });
  try {
    const files = plan.outputs.map((_, index) => `output-${index}`);
    await mkdir(scratch, { recursive: true });
    await Promise.all(plan.outputs.map(({ size }, index) => makeEmpty(join(scratch, `output-${index}`), size)));
    const assignment = { plan, genealogy, folders, statistics: [], out: scratch, files, residentBytes };
    await assignMerge(pool, { registry, assignment });
  } catch (error) {
    await pool.close();
    throw error;
  }
  return new ThreadedPartBuilder({ options, pool });
}

class ThreadedPartBuilder implements PartBuilder {
  readonly #options: PartBuilderOptions;
  readonly #pool: WorkerPool;
  readonly #program: MethodProgram;
  /** The parts, by how many there were to be. */
  readonly #divided = new Map<number, MergePart[]>();

  constructor({ options, pool }: { options: PartBuilderOptions; pool: WorkerPool }) {
    const { plan, registry } = options;
    const { models, parameters, modelParameters } = plan;
    this.#options = options;
    this.#pool = pool;
    this.#program = registry.get('method', plan.method).program({ models, parameters, modelParameters });
  }

  filesOf(task: MergeTask): { input: number; file: string }[] {
    const blocks = task.kind === 'write' ? this.#part(task).flat() : this.#runs(task).flat();
    return filesOfBlocks(this.#options.plan, blocks);
  }

  async sweep(task: MergeTask & { kind: 'sweep' }): Promise<SweptPart> {
    await this.#pool.rest();
    const sweep = this.#program.sweeps[task.sweep] as Sweep;
    const partials: unknown[] = [];
    await inOrder({
      items: this.#runs(task),
      parallel: this.#pool.size,
      start: (blocks) =>
        this.#pool.run<unknown>({ kind: 'sweep', sweep: task.sweep, state: task.state, blocks } satisfies MergeJob),
      finish: (partial) => {
        const [before] = partials;
        if (sweep.exact === true && before !== undefined) partials[0] = sweep.reduce(before, partial);
        else partials.push(partial);
      },
    });
    return { partials };
  }

  async write(
    task: MergeTask & { kind: 'write' },
    keep: (content: AsyncIterable<Uint8Array>) => Promise<void>,
  ): Promise<WrittenPart> {
    // What a task that failed has left must not be taken for work on this one.
    await this.#pool.rest();
    const { plan } = this.#options;
    const part = this.#part(task);
    const layers: LayerNote[] = [];
    await inOrder({
      items: writingUnits(plan, this.#program, part),
      parallel: this.#pool.size,
      start: (blocks) => writeUnit({ plan, program: this.#program, results: task.results, pool: this.#pool }, blocks),
      finish: (unit) => void layers.push(...unit.layers),
    });
    const hash = createHash('sha256');
    let size = 0;
    const { scratch } = this.#options;
    await keep(
      (async function* () {
        for await (const chunk of readBack(plan, part, scratch)) {
          hash.update(chunk);
          size += chunk.length;
          yield chunk;
        }
      })(),
    );
    await this.#empty(part);
    return { size, sha256: hash.digest('hex'), layers };
  }

  async closeInputs(): Promise<void> {
    await this.#pool.rest();
    await this.#pool.runInAll({ kind: 'close-inputs' } satisfies MergeJob);
  }

  async close(): Promise<void> {
    await this.#pool.close();
    await rm(this.#options.scratch, { recursive: true, force: true });
  }

  #part({ part, parts }: MergeTask): MergePart {
    return this.#parts(parts)[part] ?? [];
  }

  #parts(parts: number): MergePart[] {
    const { plan } = this.#options;
    const known = this.#divided.get(parts) ?? divideMerge({ plan, program: this.#program, parts });
    this.#divided.set(parts, known);
    return known;
  }

  #runs({ part, parts, sampled }: MergeTask & { kind: 'sweep' }): BlockReference[][] {
    const blocks = statisticsBlocks(this.#options.plan);
    const taken = sampled ? sampleOf(blocks, sampleStride(elementsOf(blocks))) : blocks;
    return divideRuns(this.#parts(parts), taken)[part] ?? [];
  }

  /** Gives the room of a part back: the threads keep the files open. */
  async #empty(part: MergePart): Promise<void> {
    const { plan, scratch } = this.#options;
    for (const output of new Set(rangesOf(plan, part).map((range) => range.output))) {
      await makeEmpty(join(scratch, `output-${output}`), plan.outputs[output]?.size ?? 0);
    }
  }
}

/** A file of that size which takes no room yet. */
async function makeEmpty(path: string, size: number): Promise<void> {
  const file = await open(path, 'a');
  try {
    await file.truncate(0);
    await file.truncate(size);
  } finally {
    await file.close();
  }
}

async function* readBack(plan: MergePlan, part: MergePart, scratch: string): AsyncGenerator<Uint8Array> {
  for (const { output, start, end } of rangesOf(plan, part)) {
    const file = await open(join(scratch, `output-${output}`), 'r');
    try {
      for (let at = start; at < end; ) {
        const chunk = new Uint8Array(Math.min(CHUNK_BYTES, end - at));
        const { bytesRead } = await file.read(chunk, 0, chunk.length, at);
        if (bytesRead === 0) throw new Error(`${scratch} lost what was just written there`);
        yield chunk.subarray(0, bytesRead);
        at += bytesRead;
      }
    } finally {
      await file.close();
    }
  }
}
