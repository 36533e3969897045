import { type AccumulatorMemory, type Block, type Group, type Sweep, TensorError } from '@hubfuse/plugin';
import { dtypeBytes, type FloatDType, isFloatDType, type LargeProducts } from '@hubfuse/tensors';
import { Replay } from '../evolution/replay.ts';
import type { PlannedTensor, TensorPart } from '../plan/merge-plan.ts';
import { BlockRows, type BlockRowsOptions, type Resident, ROW_BYTES } from './block-rows.ts';
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

export interface TensorWorkerOptions extends BlockRowsOptions {
  large: LargeProducts;
  /** Stores bytes at a position behind a place in an output file. */
  write(place: Pick<PlannedTensor, 'output' | 'offset'>, bytes: Uint8Array, position: number): void;
}

/** Runs sweeps and writes over blocks. Knows nothing of threads and jobs. */
export class TensorWorker {
  readonly #options: TensorWorkerOptions;
  readonly #rows: BlockRows;
  readonly #bits: Uint8Array;
  readonly #replay: Replay | undefined;
  readonly #start: number;

  constructor(options: TensorWorkerOptions) {
    this.#options = options;
    const { memory, kernels, plan, genealogy } = options;
    const models = BlockRows.models(plan);
    const linearBytes = 4096 + Math.max(0, ...plan.tensors.map(({ linear }) => linear?.workspace ?? 0));
    // Pages that are never touched cost no memory, so everything that a job may need is reserved at once.
    memory.reserve(
      (genealogy === undefined ? 0 : Replay.memoryBytes(genealogy, models)) +
        BlockRows.bytes(plan) +
        (SCRATCH_PER_MODEL * models + SCRATCH) * ROW_BYTES +
        BLOCK_ELEMENTS / 8 +
        ACCUMULATOR_BYTES +
        ACCUMULATOR_BYTES_PER_MODEL * models +
        Math.max(options.residentBytes, linearBytes),
    );
    this.#replay = genealogy && new Replay({ genealogy, individuals: plan.models, memory, kernels });
    this.#rows = new BlockRows(options, this.#replay);
    this.#bits = memory.bytes(BLOCK_ELEMENTS / 8);
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
    const evolved = (model: number, block: BlockReference) =>
      this.#rows.block(tensor, block).models[model] as Float32Array;
    const replayed = this.#replay === undefined ? {} : { evolved: { blocks, values: evolved } };
    const { note, values } = await mergeLinear({ ...this.#options, tensor, program, ...replayed });
    for (const { offset, length } of blocks) {
      const out = this.#rows.out.subarray(0, length);
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
    const resident = this.#rows.resident(tensor, blocks);
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
      sweep.map(this.#rows.block(this.#tensor(block), block, { resident, wanted }), state, accumulator);
    }
    return sweep.close(accumulator);
  }

  #writeBlock(
    tensor: PlannedTensor,
    options: { block: BlockReference; results: readonly unknown[]; resident?: Resident | undefined },
  ): void {
    const { program, kernels } = this.#options;
    const mark = this.#options.memory.mark;
    const block = this.#rows.block(tensor, options.block, options);
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

  /** @param out is rounded where the tensor's values are to be rounded further than they are stored */
  #store(tensor: PlannedTensor, out: Float32Array, offset: number): void {
    const { kernels, write } = this.#options;
    const { rounding, dtype } = tensor;
    const position = offset * dtypeBytes(dtype);
    const require = (bad: number, to: FloatDType): void => {
      if (bad >= 0) throw overflow(tensor, { index: offset + bad, value: out[bad] as number, dtype: to });
    };
    if (rounding !== undefined) require(kernels.round(rounding, out), rounding);
    // Float32 is written from where it stands.
    if (dtype === 'F32') {
      if (rounding === undefined) require(kernels.firstNonFinite(out), dtype);
      write(tensor, new Uint8Array(out.buffer, out.byteOffset, out.byteLength), position);
      return;
    }
    const raw = this.#rows.raw.subarray(0, out.length * dtypeBytes(dtype));
    require(kernels.narrow(dtype as FloatDType, out, raw), dtype as FloatDType);
    write(tensor, raw, position);
  }

  #copy(tensor: PlannedTensor, { offset, length }: BlockReference): void {
    const part = tensor.parts[0] as TensorPart;
    const { reader } = this.#options;
    if ((part.dtype !== tensor.dtype || tensor.rounding !== undefined) && isFloatDType(part.dtype)) {
      const row = this.#rows.out.subarray(0, length);
      reader.readFloats(part, { offset, row, raw: this.#rows.raw });
      this.#store(tensor, row, offset);
      return;
    }
    const size = dtypeBytes(part.dtype);
    const bytes = this.#rows.raw.subarray(0, length * size);
    reader.readBytes(part, { offset: offset * size, into: bytes });
    this.#options.write(tensor, bytes, offset * size);
  }
}

function overflow(tensor: PlannedTensor, found: { index: number; value: number; dtype: FloatDType }): TensorError {
  const finite = Number.isFinite(found.value);
  return new TensorError({
    code: finite ? 'tensors/overflow' : 'tensors/not-finite',
    where: tensor.name,
    message: finite
      ? `the merged value ${found.value} at index ${found.index} does not fit into ${found.dtype}`
      : `the merged value at index ${found.index} is ${found.value}`,
    hint: finite
      ? `set out_dtype to ${found.dtype === 'BF16' ? 'float32' : 'float32 or bfloat16'}`
      : 'the weights or lambda are too large for these models',
  });
}
