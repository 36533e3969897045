import { type FileHandle, open } from 'node:fs/promises';
import type { Group, MethodProgram } from '@hubfuse/plugin';
import { dtypeBytes, type WorkerPool } from '@hubfuse/tensors';
import type { MergePlan, PlannedTensor } from '../plan/merge-plan.ts';
import type { FoundBefore } from './found-before.ts';
import { groupSweeps } from './group-sweeps.ts';
import type { Homes } from './homes.ts';
import { inOrder } from './in-order.ts';
import type { Journal } from './journal.ts';
import type { LayerNote } from './linear-tensor.ts';
import type { MergeJob } from './merge-worker.ts';
import type { OutputHashes } from './output-hashes.ts';
import type { SweptBy } from './swept-by.ts';
import type { UnitResult } from './tensor-worker.ts';
import { type BlockReference, elementsOf, isGroup, isShared, runsOf, writingUnits } from './units.ts';

/** Written units become durable, and are journalled, when this many bytes or milliseconds have come together. */
const SYNC_BYTES = 64 << 20;
const SYNC_MILLISECONDS = 2_000;

export interface WriteUnitsOptions {
  plan: MergePlan;
  program: MethodProgram;
  pool: WorkerPool;
  /** Results of the sweeps over the whole model. */
  results: readonly unknown[];
  journal: Journal;
  /** Units that a killed merge had finished. */
  done: ReadonlySet<number>;
  /** Present path of each output. */
  paths: readonly string[];
  hashes: OutputHashes;
  /** Who has what sweeps have left of blocks; absent: nothing was left. */
  sweptBy?: SweptBy | undefined;
  onWritten?(done: number, total: number): void;
}

/** Writes every unit that is not done. Returns what is to be said about linear layers, in the order of the units. */
export async function writeUnits(options: WriteUnitsOptions): Promise<LayerNote[]> {
  const { plan, program, pool, hashes } = options;
  const units = writingUnits(plan, program).map((blocks, index) => ({ index, blocks }));
  const total = plan.totals.parameters;
  const layers: LayerNote[] = [];
  const record = await UnitRecord.open(options);
  let written = 0;
  for (const { index, blocks } of units) {
    if (!options.done.has(index)) continue;
    written += elementsOf(blocks);
    hashes.wrote(blocks);
  }
  try {
    await inOrder({
      items: units.filter(({ index }) => !options.done.has(index)),
      parallel: pool.size,
      start: ({ blocks }) => writeUnit({ ...options, worker: options.sweptBy?.of(blocks) }, blocks),
      finish: (unit, { index, blocks }) => {
        layers.push(...unit.layers);
        written += unit.elements;
        record.add({ index, layers: unit.layers, bytes: unit.elements * outputBytes(plan, blocks) });
        hashes.wrote(blocks);
        options.onWritten?.(written, total);
      },
    });
    return layers;
  } finally {
    await record.close();
  }
}

/** What it takes to write one unit. */
export interface WriteUnitOptions extends Pick<WriteUnitsOptions, 'plan' | 'program' | 'pool' | 'results'> {
  before?: FoundBefore | undefined;
  /** Where each block is at home; absent: it goes to whoever is free. */
  homes?: Homes | undefined;
  /** The one worker that is to have the unit, where no block has a home. */
  worker?: number | undefined;
}

/** Writes one unit: in one worker, or in all of them where its statistics are what takes long. */
export async function writeUnit(options: WriteUnitOptions, blocks: readonly BlockReference[]): Promise<UnitResult> {
  const { plan, program, pool, results, before, homes } = options;
  if (isShared(plan, program, blocks)) return await writeShared(options, blocks);
  const groups = before === undefined ? [] : groupsOf(plan, program, blocks);
  const known = groups.map(({ tensor, group }) => ({ tensor, entries: before?.entries(group, tensor) ?? [] }));
  const job: MergeJob = { kind: 'write', blocks, results, ...(known.length === 0 ? {} : { known }) };
  const place = homes?.of(plan, blocks[0] as BlockReference) ?? options.worker;
  const unit = await pool.run<UnitResult>(job, { place });
  for (const { tensor, group } of groups) {
    const found = unit.found?.find((one) => one.tensor === tensor);
    if (found !== undefined) before?.keep(group, found.results, tensor);
  }
  return unit;
}

/** The tensors of a unit whose statistics are their own. */
function groupsOf(
  plan: MergePlan,
  program: MethodProgram,
  blocks: readonly BlockReference[],
): { tensor: number; group: Group }[] {
  return [...new Set(blocks.map(({ tensor }) => tensor))].flatMap((index) => {
    const tensor = plan.tensors[index];
    return tensor !== undefined && isGroup(tensor, program) ? [{ tensor: index, group: groupOf(tensor) }] : [];
  });
}

function groupOf({ length, parts, parameters }: PlannedTensor): Group {
  return { length, models: parts.length, parameters };
}

/** One tensor with statistics of its own that is so long that the workers share its sweeps and its blocks. */
async function writeShared(options: WriteUnitOptions, blocks: readonly BlockReference[]): Promise<UnitResult> {
  const { plan, program, pool, before, homes } = options;
  const tensor = blocks[0]?.tensor ?? 0;
  const group = groupOf(plan.tensors[tensor] as PlannedTensor);
  const at = homes && { homes, plan };
  const found = await groupSweeps({ program, pool, group, blocks, tensor, before, homes: at });
  const runs = homes === undefined ? runsOf(blocks) : homes.divide(plan, blocks).flatMap((own) => runsOf(own));
  await inOrder({
    items: runs,
    parallel: homes === undefined ? pool.size : runs.length,
    start: (run) => {
      const job: MergeJob = { kind: 'write', blocks: run, results: [], found };
      return pool.run<UnitResult>(job, { place: homes?.of(plan, run[0] as BlockReference) });
    },
    finish: () => undefined,
  });
  return { elements: elementsOf(blocks), layers: [] };
}

function outputBytes(plan: MergePlan, blocks: readonly BlockReference[]): number {
  const tensor = plan.tensors[blocks[0]?.tensor ?? 0];
  return tensor === undefined ? 0 : dtypeBytes(tensor.dtype);
}

/** Makes written units durable in the background and journals them then, so that the workers never wait for the disk. */
class UnitRecord {
  readonly #journal: Journal;
  readonly #files: readonly FileHandle[];
  #units: number[] = [];
  #layers: LayerNote[] = [];
  #bytes = 0;
  #recorded = Date.now();
  #running: Promise<void> | undefined;
  #failure: { reason: unknown } | undefined;

  private constructor(journal: Journal, files: readonly FileHandle[]) {
    this.#journal = journal;
    this.#files = files;
  }

  static async open({ journal, paths }: { journal: Journal; paths: readonly string[] }): Promise<UnitRecord> {
    return new UnitRecord(journal, await Promise.all(paths.map((path) => open(path, 'r+'))));
  }

  /** @throws what kept earlier units from becoming durable */
  add({ index, layers, bytes }: { index: number; layers: readonly LayerNote[]; bytes: number }): void {
    if (this.#failure !== undefined) throw this.#failure.reason;
    this.#units.push(index);
    this.#layers.push(...layers);
    this.#bytes += bytes;
    const isDue = this.#bytes >= SYNC_BYTES || Date.now() - this.#recorded >= SYNC_MILLISECONDS;
    if (!isDue || this.#running !== undefined) return;
    this.#running = this.#record()
      .catch((reason: unknown) => {
        this.#failure = { reason };
      })
      .finally(() => {
        this.#running = undefined;
      });
  }

  /** Waits for what is under way. What was not recorded is made durable with the whole files. */
  async close(): Promise<void> {
    await this.#running;
    await Promise.all(this.#files.map((file) => file.close()));
  }

  async #record(): Promise<void> {
    const [units, layers] = [this.#units, this.#layers];
    this.#units = [];
    this.#layers = [];
    this.#bytes = 0;
    this.#recorded = Date.now();
    await Promise.all(this.#files.map((file) => file.datasync()));
    await this.#journal.recordUnits(units, layers);
  }
}
