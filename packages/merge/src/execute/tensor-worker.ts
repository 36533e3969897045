import {
  type AccumulatorMemory,
  type Block,
  type BlockNotes,
  type Group,
  type MethodProgram,
  type Sweep,
  TensorError,
} from '@hubfuse/plugin';
import {
  dtypeBytes,
  type FloatDType,
  isFloatDType,
  type KernelInstance,
  type KernelMemory,
  type LargeProducts,
} from '@hubfuse/tensors';
import type { Genealogy } from '../evolution/genealogy.ts';
import { KeptPopulation } from '../evolution/kept-population.ts';
import { Replay } from '../evolution/replay.ts';
import type { MergePlan, PlannedTensor, TensorPart } from '../plan/merge-plan.ts';
import { type BlockReader, rawBlockBytes } from './block-reader.ts';
import type { KeptRows } from './kept-rows.ts';
import { averageByLabel } from './label-rows.ts';
import { type LayerNote, mergeLinear } from './linear-tensor.ts';
import { runSweep } from './run-sweep.ts';
import { BLOCK_ELEMENTS, type BlockReference, isGroup, runsOf } from './units.ts';

/** Working rows that a method may ask for beside the inputs: a few per model and some more. */
const SCRATCH_PER_MODEL = 4;
const SCRATCH = 12;
/** Room for accumulators: histograms of two windows per model, and collected keys. */
const ACCUMULATOR_BYTES_PER_MODEL = 8 << 20;
const ACCUMULATOR_BYTES = 2 << 20;

const NONE: ReadonlySet<string> = new Set();

/** A whole tensor's rows, kept between the sweeps of its group. */
interface Resident {
  base: Float32Array;
  models: readonly Float32Array[];
  statistics: readonly Float32Array[];
}

/** A unit to write. */
export interface WriteJob {
  blocks: readonly BlockReference[];
  /** Results of the sweeps over the whole model. */
  results: readonly unknown[];
  /** Results of the sweeps over the one group whose blocks these are; absent: groups do their sweeps first. */
  found?: readonly unknown[];
  /** Known entries of the sweeps over each group, whose results are then told. */
  known?: readonly { tensor: number; entries: readonly (readonly unknown[] | undefined)[] }[];
}

/** What writing one unit came to. */
export interface UnitResult {
  elements: number;
  layers: readonly LayerNote[];
  /** What the sweeps over groups came to, where it was asked for. */
  found?: readonly { tensor: number; results: readonly unknown[] }[];
}

export interface TensorWorkerOptions {
  plan: MergePlan;
  program: MethodProgram;
  memory: KernelMemory;
  kernels: KernelInstance;
  large: LargeProducts;
  reader: BlockReader;
  /** How the models' values have evolved; absent: they are taken as they are stored. */
  genealogy?: Genealogy | undefined;
  /** Reads the files of `plan.statistics`. */
  statistics: BlockReader;
  /** Bytes that may be kept of one tensor between sweeps. */
  residentBytes: number;
  /**
   * Rows that are kept from one merge to the next, the folder of each input, and the values for each element that a sweep may leave.
   */
  kept?: { rows: KeptRows; folders: readonly string[]; notes: number } | undefined;
  /** Stores bytes at a position behind a place in an output file. */
  write(place: Pick<PlannedTensor, 'output' | 'offset'>, bytes: Uint8Array, position: number): void;
}

/** Runs sweeps and writes over blocks. Knows nothing of threads and jobs. */
export class TensorWorker {
  readonly #options: TensorWorkerOptions;
  readonly #raw: Uint8Array;
  readonly #bits: Uint8Array;
  readonly #row: Resident & { out: Float32Array };
  readonly #replay: Replay | undefined;
  readonly #kept: KeptPopulation | undefined;
  readonly #notes = new Map<string, BlockNotes>();
  readonly #start: number;

  constructor(options: TensorWorkerOptions) {
    this.#options = options;
    const { memory, plan, genealogy } = options;
    const models = Math.max(1, plan.models, ...plan.tensors.map((tensor) => tensor.parts.length));
    const measured = plan.statistics.length;
    const rows = 2 + models + measured + SCRATCH_PER_MODEL * models + SCRATCH;
    const rawBytes = rawBlockBytes(plan.tensors, BLOCK_ELEMENTS);
    const linearBytes = 4096 + Math.max(0, ...plan.tensors.map(({ linear }) => linear?.workspace ?? 0));
    // Pages that are never touched cost no memory, so everything that a job may need is reserved at once.
    memory.reserve(
      (genealogy === undefined ? 0 : Replay.memoryBytes(genealogy, models)) +
        rows * (BLOCK_ELEMENTS * 4 + 64) +
        rawBytes +
        BLOCK_ELEMENTS / 8 +
        ACCUMULATOR_BYTES +
        ACCUMULATOR_BYTES_PER_MODEL * models +
        Math.max(options.residentBytes, linearBytes),
    );
    this.#raw = memory.bytes(rawBytes);
    this.#bits = memory.bytes(BLOCK_ELEMENTS / 8);
    this.#row = {
      base: memory.float32(BLOCK_ELEMENTS),
      models: Array.from({ length: models }, () => memory.float32(BLOCK_ELEMENTS)),
      statistics: Array.from({ length: measured }, () => memory.float32(BLOCK_ELEMENTS)),
      out: memory.float32(BLOCK_ELEMENTS),
    };
    if (genealogy !== undefined) {
      this.#replay = new Replay({ genealogy, individuals: plan.models, memory, kernels: options.kernels });
    }
    this.#kept = options.kept && new KeptPopulation({ ...options.kept, plan, genealogy, replay: this.#replay });
    this.#start = memory.mark;
  }

  /** One run of a whole-model sweep: its partial, and the buffers of it that may travel. */
  sweep(job: { sweep: number; state: unknown; blocks: readonly BlockReference[] }): {
    partial: unknown;
    buffers: readonly ArrayBuffer[];
  } {
    this.#options.memory.release(this.#start);
    const sweep = this.#options.program.sweeps[job.sweep] as Sweep;
    const partial = this.#accumulate(sweep, { state: job.state, blocks: job.blocks });
    return { partial, buffers: sweep.transfer?.(partial) ?? [] };
  }

  /** Writes the tensors of one unit. No other job may begin before it has. */
  async writeUnit(job: WriteJob): Promise<UnitResult> {
    let elements = 0;
    const layers: LayerNote[] = [];
    const found: { tensor: number; results: readonly unknown[] }[] = [];
    for (let at = 0; at < job.blocks.length; ) {
      const first = job.blocks[at] as BlockReference;
      let end = at + 1;
      while (job.blocks[end]?.tensor === first.tensor) end++;
      const blocks = job.blocks.slice(at, end);
      const tensor = this.#tensor(first);
      // A single individual is written as it evolved: nothing is solved.
      const whole = tensor.linear !== undefined && this.#replay?.individual === undefined;
      if (whole) layers.push(await this.#writeLinear(tensor, blocks));
      else {
        const known = job.known?.find((one) => one.tensor === first.tensor)?.entries;
        const results = this.#writeTensor(tensor, blocks, { ...job, known });
        if (known !== undefined && results !== undefined) found.push({ tensor: first.tensor, results });
      }
      elements += blocks.reduce((sum, block) => sum + block.length, 0);
      at = end;
    }
    return job.known === undefined ? { elements, layers } : { elements, layers, found };
  }

  #tensor(block: BlockReference): PlannedTensor {
    return this.#options.plan.tensors[block.tensor] as PlannedTensor;
  }

  async #writeLinear(tensor: PlannedTensor, blocks: readonly BlockReference[]): Promise<LayerNote> {
    const { memory, program } = this.#options;
    memory.release(this.#start);
    const evolved = (model: number, block: BlockReference) => this.#block(tensor, block).models[model] as Float32Array;
    const replayed = this.#replay === undefined ? {} : { evolved: { blocks, values: evolved } };
    const { note, values } = await mergeLinear({ ...this.#options, tensor, program, ...replayed });
    for (const { offset, length } of blocks) {
      const out = this.#row.out.subarray(0, length);
      values(offset, out);
      this.#store(tensor, out, offset);
    }
    return note;
  }

  /** Results of the tensor's own sweeps, where it did some. */
  #writeTensor(
    tensor: PlannedTensor,
    blocks: readonly BlockReference[],
    job: Pick<WriteJob, 'results' | 'found'> & { known: readonly (readonly unknown[] | undefined)[] | undefined },
  ): readonly unknown[] | undefined {
    const { program, memory } = this.#options;
    memory.release(this.#start);
    if (tensor.rule === 'copy') {
      for (const block of blocks) this.#copy(tensor, block);
      return undefined;
    }
    if (!isGroup(tensor, program) || job.found !== undefined) {
      for (const block of blocks) this.#writeBlock(tensor, { block, results: job.found ?? job.results });
      return undefined;
    }
    const resident = this.#resident(tensor, blocks);
    const group: Group = { length: tensor.length, models: tensor.parts.length, parameters: tensor.parameters };
    const found: unknown[] = [];
    const after = memory.mark;
    const pass = (sweep: Sweep, state: unknown, taken: readonly BlockReference[]): unknown => {
      let total: unknown;
      for (const run of runsOf(taken)) {
        memory.release(after);
        const partial = this.#accumulate(sweep, { state, blocks: run, resident });
        total = total === undefined ? partial : sweep.reduce(total, partial);
      }
      return total;
    };
    for (const [index, sweep] of program.sweeps.entries()) {
      found.push(runSweep(sweep, { group, blocks, previous: found, known: job.known?.[index], pass }));
    }
    for (const block of blocks) {
      memory.release(after);
      this.#writeBlock(tensor, { block, results: found, resident });
    }
    return found;
  }

  #accumulate(
    sweep: Sweep,
    options: { state: unknown; blocks: readonly BlockReference[]; resident?: Resident | undefined },
  ): unknown {
    const { state, blocks, resident } = options;
    const { memory } = this.#options;
    const kept: AccumulatorMemory = memory;
    const accumulator = sweep.open(state, kept);
    const mark = memory.mark;
    const wanted = sweep.entries?.reads(state);
    for (const block of blocks) {
      memory.release(mark);
      sweep.map(this.#block(this.#tensor(block), block, { resident, wanted }), state, accumulator);
    }
    return sweep.close(accumulator);
  }

  #writeBlock(
    tensor: PlannedTensor,
    options: { block: BlockReference; results: readonly unknown[]; resident?: Resident | undefined },
  ): void {
    const { program, kernels } = this.#options;
    const mark = this.#options.memory.mark;
    const block = this.#block(tensor, options.block, options);
    const individual = this.#replay?.individual;
    if (individual !== undefined) block.out.set(block.models[individual] as Float32Array);
    else if (tensor.rule === 'labels') averageByLabel(tensor, block);
    else if (tensor.rule === 'average') {
      const share = 1 / block.models.length;
      kernels.weightedSum(
        block.out,
        block.models,
        block.models.map(() => share),
      );
    } else program.write(block, options.results);
    this.#storeMasks(tensor, block);
    this.#store(tensor, block.out, options.block.offset);
    this.#options.memory.release(mark);
  }

  #storeMasks({ masks = [] }: PlannedTensor, block: Block): void {
    const { memory, program, write } = this.#options;
    const mark = memory.mark;
    for (const [model, place] of masks.entries()) {
      const bits = this.#bits.subarray(0, Math.ceil(block.length / 8));
      program.tasks?.mask(block, model, bits);
      write(place, bits, block.offset / 8);
      memory.release(mark);
    }
  }

  #store(tensor: PlannedTensor, out: Float32Array, offset: number): void {
    const dtype = tensor.dtype as FloatDType;
    const size = dtypeBytes(dtype);
    const raw = this.#raw.subarray(0, out.length * size);
    const bad = this.#options.kernels.narrow(dtype, out, raw);
    if (bad >= 0) throw overflow(tensor, { index: offset + bad, value: out[bad] as number });
    this.#options.write(tensor, raw, offset * size);
  }

  #copy(tensor: PlannedTensor, { offset, length }: BlockReference): void {
    const part = tensor.parts[0] as TensorPart;
    const { reader } = this.#options;
    if (part.dtype !== tensor.dtype && isFloatDType(part.dtype)) {
      const row = this.#row.out.subarray(0, length);
      reader.readFloats(part, { offset, row, raw: this.#raw });
      this.#store(tensor, row, offset);
      return;
    }
    const size = dtypeBytes(part.dtype);
    const bytes = this.#raw.subarray(0, length * size);
    reader.readBytes(part, { offset: offset * size, into: bytes });
    this.#options.write(tensor, bytes, offset * size);
  }

  /** The whole tensor's rows, where they fit; undefined where every sweep reads them anew. */
  #resident(tensor: PlannedTensor, blocks: readonly BlockReference[]): Resident | undefined {
    const { memory, reader, statistics, residentBytes } = this.#options;
    const measured = elementStatistics(tensor);
    if (this.#keeps(tensor) && measured.length === 0) return undefined;
    const count = tensor.parts.length + measured.length + (tensor.base === undefined ? 0 : 1);
    if (count * (tensor.length * 4 + 64) > residentBytes) return undefined;
    const read = (from: BlockReader, part: TensorPart) => {
      const row = memory.float32(tensor.length);
      for (const { offset, length } of blocks) {
        const piece = row.subarray(offset, offset + length);
        from.readFloats(part, { offset, row: piece, raw: this.#raw, rowLength: rowLength(tensor) });
      }
      return row;
    };
    const models = tensor.parts.map((part) => read(reader, part));
    this.#replay?.evolve(tensor, { offset: 0, rows: models });
    return {
      base: tensor.base === undefined ? new Float32Array(0) : read(reader, tensor.base),
      models,
      statistics: measured.map((part) => read(statistics, part)),
    };
  }

  /** @param options.wanted the models whose values matter; absent: all */
  #block(
    tensor: PlannedTensor,
    reference: BlockReference,
    { resident, wanted }: { resident?: Resident | undefined; wanted?: readonly number[] | undefined } = {},
  ): Block {
    const { offset, length } = reference;
    const { memory, kernels } = this.#options;
    const cut = (row: Float32Array) => row.subarray(offset, offset + length);
    const read = (part: TensorPart, whole: Float32Array, from = this.#options.reader) => {
      const row = whole.subarray(0, length);
      from.readFloats(part, { offset, row, raw: this.#raw, rowLength: rowLength(tensor) });
      return row;
    };
    const base =
      tensor.base === undefined
        ? new Float32Array(0)
        : resident === undefined
          ? this.#base(tensor, tensor.base, { offset, length, read })
          : cut(resident.base);
    const models =
      resident === undefined ? this.#models(tensor, { offset, length, wanted, read }) : resident.models.map(cut);
    const statistics =
      resident === undefined
        ? elementStatistics(tensor).map((part, i) => {
            return read(part, this.#row.statistics[i] as Float32Array, this.#options.statistics);
          })
        : resident.statistics.map(cut);
    return {
      tensor: tensor.name,
      offset,
      length,
      tensorLength: tensor.length,
      base,
      models,
      statistics,
      measured: elementStatistics(tensor).map(({ input }) => input),
      out: this.#row.out.subarray(0, length),
      parameters: tensor.parameters,
      kernels,
      scratch: () => memory.float32(length),
      notes: this.#notesOf(tensor, reference),
    };
  }

  /** The room of a whole block of a method over the whole model, for as long as this merge lasts. */
  #notesOf(tensor: PlannedTensor, { offset, length }: BlockReference): BlockNotes | undefined {
    const { kept, program } = this.#options;
    const whole = blockAround(tensor, offset);
    const wants = program.scope === 'model' && program.notes !== undefined && program.notes <= (kept?.notes ?? 0);
    if (kept === undefined || !wants || whole.offset !== offset || whole.length !== length) return undefined;
    const place = `notes ${tensor.name} ${offset} ${length} ${program.notes}`;
    const known = this.#notes.get(place);
    if (known !== undefined) return known;
    const options = { word: 'notes', length: Math.floor((program.notes ?? 0) * length) };
    const room = kept.rows.get(place, options) ?? kept.rows.keep(place, { ...options, alive: NONE, fill: () => {} });
    const notes = room && { room, content: undefined };
    if (notes !== undefined) this.#notes.set(place, notes);
    return notes;
  }

  /** Whether the rows of a tensor are kept from one merge to the next. */
  #keeps(tensor: PlannedTensor): boolean {
    return this.#kept !== undefined && KeptPopulation.keeps(tensor);
  }

  #base(
    tensor: PlannedTensor,
    part: TensorPart,
    {
      offset,
      length,
      read,
    }: { offset: number; length: number; read(part: TensorPart, whole: Float32Array): Float32Array },
  ): Float32Array {
    if (this.#kept === undefined || !this.#keeps(tensor)) return read(part, this.#row.base);
    const block = blockAround(tensor, offset);
    const spare = this.#row.base.subarray(0, block.length);
    const row = this.#kept.base(tensor, { ...block, spare, read: this.#reading(tensor, block) });
    return row.subarray(offset - block.offset, offset - block.offset + length);
  }

  /** Reads a part's values of a block. */
  #reading(tensor: PlannedTensor, { offset }: { offset: number }): (part: TensorPart, row: Float32Array) => void {
    return (part, row) => {
      this.#options.reader.readFloats(part, { offset, row, raw: this.#raw, rowLength: rowLength(tensor) });
    };
  }

  /** The models' values of a piece, evolved where there is a genealogy; rows that the result does not need stay unread. */
  #models(
    tensor: PlannedTensor,
    options: {
      offset: number;
      length: number;
      wanted: readonly number[] | undefined;
      read(part: TensorPart, whole: Float32Array): Float32Array;
    },
  ): Float32Array[] {
    if (this.#kept !== undefined && this.#keeps(tensor)) {
      const { offset, length, wanted } = options;
      const block = blockAround(tensor, offset);
      const spare = tensor.parts.map((_, model) => (this.#row.models[model] as Float32Array).subarray(0, block.length));
      const read = this.#reading(tensor, block);
      const rows = this.#kept.models(tensor, { ...block, wanted, spare, read });
      return rows.map((row) => row.subarray(offset - block.offset, offset - block.offset + length));
    }
    // A step makes values of one model from those of others.
    const wanted = this.#replay?.hasSteps === true ? undefined : options.wanted;
    const rows = tensor.parts.map((part, model) => {
      const whole = this.#row.models[model] as Float32Array;
      const unread = this.#replay?.needs(tensor, model) === false || wanted?.includes(model) === false;
      return unread ? whole.subarray(0, options.length) : options.read(part, whole);
    });
    this.#replay?.evolve(tensor, { offset: options.offset, rows });
    return rows;
  }
}

/** The block in which a piece of a sample lies: whole blocks are what is kept. */
function blockAround(tensor: PlannedTensor, offset: number): { offset: number; length: number } {
  const begin = Math.floor(offset / BLOCK_ELEMENTS) * BLOCK_ELEMENTS;
  return { offset: begin, length: Math.min(BLOCK_ELEMENTS, tensor.length - begin) };
}

/** Statistics with one value per element: those of a layer that is merged whole are matrices, read elsewhere. */
function elementStatistics({ statistics = [], linear }: PlannedTensor): readonly TensorPart[] {
  return linear === undefined ? statistics : [];
}

/** Elements of one row: all dimensions but the first. */
function rowLength({ shape, length }: PlannedTensor): number {
  return shape[0] === undefined || shape[0] === 0 ? 1 : length / shape[0];
}

function overflow(tensor: PlannedTensor, found: { index: number; value: number }): TensorError {
  const finite = Number.isFinite(found.value);
  return new TensorError({
    code: finite ? 'tensors/overflow' : 'tensors/not-finite',
    where: tensor.name,
    message: finite
      ? `the merged value ${found.value} at index ${found.index} does not fit into ${tensor.dtype}`
      : `the merged value at index ${found.index} is ${found.value}`,
    hint: finite ? 'set out_dtype to float32 or bfloat16' : 'the weights or lambda are too large for these models',
  });
}
