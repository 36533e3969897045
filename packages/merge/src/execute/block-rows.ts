import type { Block, BlockNotes, MethodProgram, StoredRows } from '@hubfuse/plugin';
import type { KernelInstance, KernelMemory } from '@hubfuse/tensors';
import type { Genealogy } from '../evolution/genealogy.ts';
import { KeptPopulation } from '../evolution/kept-population.ts';
import type { Replay } from '../evolution/replay.ts';
import type { MergePlan, PlannedTensor, TensorPart } from '../plan/merge-plan.ts';
import { type BlockReader, rawBlockBytes } from './block-reader.ts';
import type { KeptRows } from './kept-rows.ts';
import type { NoteRoom } from './note-room.ts';
import { BLOCK_ELEMENTS, type BlockReference, blockAround } from './units.ts';

const NONE: ReadonlySet<string> = new Set();

/** Bytes of one row of a block, aligned. */
export const ROW_BYTES = BLOCK_ELEMENTS * 4 + 64;

/** A whole tensor's rows, kept between the sweeps of its group. */
export interface Resident {
  base: Float32Array;
  models: readonly Float32Array[];
  statistics: readonly Float32Array[];
}

export interface BlockRowsOptions {
  plan: MergePlan;
  program: MethodProgram;
  memory: KernelMemory;
  kernels: KernelInstance;
  reader: BlockReader;
  /** Reads the files of `plan.statistics`. */
  statistics: BlockReader;
  /** How the models' values have evolved; absent: they are taken as they are stored. */
  genealogy?: Genealogy | undefined;
  /** Bytes that may be kept of one tensor between sweeps. */
  residentBytes: number;
  /**
   * Rows that are kept from one merge to the next, the folder of each input, and the values for each element that a sweep may leave.
   */
  kept?: { rows: KeptRows; folders: readonly string[]; notes: number } | undefined;
  /** Room for what sweeps leave of blocks where no rows are kept. */
  notes?: NoteRoom | undefined;
}

/** The values of blocks: read, kept from an earlier merge, or evolved, in rows of the kernels' memory. */
export class BlockRows {
  /** Room for the stored values of a block. */
  readonly raw: Uint8Array;
  /** Room for the result of a block. */
  readonly out: Float32Array;
  readonly #options: BlockRowsOptions;
  readonly #row: Resident;
  readonly #replay: Replay | undefined;
  readonly #kept: KeptPopulation | undefined;
  readonly #notes = new Map<string, BlockNotes>();

  /** @param replay of the genealogy, where there is one */
  constructor(options: BlockRowsOptions, replay: Replay | undefined) {
    const { memory, plan, genealogy, kept } = options;
    this.#options = options;
    this.#replay = replay;
    this.raw = memory.bytes(rawBlockBytes(plan.tensors, BLOCK_ELEMENTS));
    this.out = memory.float32(BLOCK_ELEMENTS);
    const row = () => memory.float32(BLOCK_ELEMENTS);
    this.#row = {
      base: row(),
      models: Array.from({ length: BlockRows.models(plan) }, row),
      statistics: plan.statistics.map(row),
    };
    this.#kept = kept && new KeptPopulation({ ...kept, plan, genealogy, replay });
  }

  /** Rows of models that a block may have: a head that is joined has more than the merge has models. */
  static models(plan: MergePlan): number {
    return Math.max(1, plan.models, ...plan.tensors.map((tensor) => tensor.parts.length));
  }

  /** Bytes that a worker's rows take. */
  static bytes(plan: MergePlan): number {
    const rows = 2 + BlockRows.models(plan) + plan.statistics.length;
    return rows * ROW_BYTES + rawBlockBytes(plan.tensors, BLOCK_ELEMENTS);
  }

  /** The whole tensor's rows, where they fit; undefined where every sweep reads them anew. */
  resident(tensor: PlannedTensor, blocks: readonly BlockReference[]): Resident | undefined {
    const { memory, reader, statistics, residentBytes } = this.#options;
    const measured = elementStatistics(tensor);
    // Rows of 16 bits are read again in less time than widened ones take to keep.
    if ((this.#keeps(tensor) || this.#isBfloat16(tensor)) && measured.length === 0) return undefined;
    const count = tensor.parts.length + measured.length + (tensor.base === undefined ? 0 : 1);
    if (count * (tensor.length * 4 + 64) > residentBytes) return undefined;
    const read = (from: BlockReader, part: TensorPart) => {
      const row = memory.float32(tensor.length);
      for (const { offset, length } of blocks) {
        const piece = row.subarray(offset, offset + length);
        from.readFloats(part, { offset, row: piece, raw: this.raw, rowLength: rowLength(tensor) });
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

  /**
   * What a method sees of a piece of a tensor.
   * @param options.wanted the models whose values matter; absent: all
   */
  block(
    tensor: PlannedTensor,
    reference: BlockReference,
    { resident, wanted }: { resident?: Resident | undefined; wanted?: readonly number[] | undefined } = {},
  ): Block {
    const { offset, length } = reference;
    const { memory, kernels } = this.#options;
    const cut = (row: Float32Array) => row.subarray(offset, offset + length);
    const read = (part: TensorPart, whole: Float32Array, from = this.#options.reader) => {
      const row = whole.subarray(0, length);
      from.readFloats(part, { offset, row, raw: this.raw, rowLength: rowLength(tensor) });
      return row;
    };
    const ofBase = () => {
      if (tensor.base === undefined) return new Float32Array(0);
      return resident === undefined ? this.#base(tensor, tensor.base, { offset, length, read }) : cut(resident.base);
    };
    const ofModels = () =>
      resident === undefined ? this.#models(tensor, { offset, length, wanted, read }) : resident.models.map(cut);
    // Whoever writes from notes reads no model. Replaying takes memory, which belongs to whoever asked last.
    let base = this.#replay === undefined ? undefined : ofBase();
    let models = this.#replay === undefined ? undefined : ofModels();
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
      get base() {
        base ??= ofBase();
        return base;
      },
      get models() {
        models ??= ofModels();
        return models;
      },
      statistics,
      measured: elementStatistics(tensor).map(({ input }) => input),
      out: this.out.subarray(0, length),
      parameters: tensor.parameters,
      kernels,
      scratch: (values = length) => memory.float32(values),
      notes: this.#notesOf(tensor, reference),
      bfloat16: resident === undefined ? this.#bfloat16(tensor, reference) : undefined,
    };
  }

  /** Rows as they are stored, in the room of those that are made from them. */
  #bfloat16(tensor: PlannedTensor, { offset, length }: BlockReference): StoredRows | undefined {
    const { base, parts } = tensor;
    if (!this.#isBfloat16(tensor)) return undefined;
    const read = (part: TensorPart, room: Float32Array): Uint16Array => {
      const row = new Uint16Array(room.buffer, room.byteOffset, length);
      const into = new Uint8Array(row.buffer, row.byteOffset, row.byteLength);
      this.#options.reader.readBytes(part, { offset: offset * row.BYTES_PER_ELEMENT, into });
      return row;
    };
    let stored: Uint16Array | undefined;
    const ofBase = () => {
      stored ??= base === undefined ? new Uint16Array(0) : read(base, this.#row.base);
      return stored;
    };
    const ofModel = (index: number) => read(parts[index] as TensorPart, this.#row.models[index] as Float32Array);
    const { kernels, reader } = this.#options;
    const finite = (part: TensorPart, row: Uint16Array) => {
      // Widening what is not finite says where it is.
      if (kernels.firstNonFinite(row) >= 0)
        reader.readFloats(part, { offset, row: this.out.subarray(0, length), raw: this.raw });
      return row;
    };
    return {
      base: ofBase,
      model: ofModel,
      checked: () => ({
        base: base === undefined ? ofBase() : finite(base, ofBase()),
        models: parts.map((part, index) => finite(part, ofModel(index))),
      }),
    };
  }

  /** Whether all values of a tensor are bfloat16 and nothing has changed them. */
  #isBfloat16(tensor: PlannedTensor): boolean {
    const isPlain = ({ dtype, rows }: TensorPart) => dtype === 'BF16' && rows === undefined;
    if (this.#replay !== undefined || this.#keeps(tensor)) return false;
    return (tensor.base === undefined || isPlain(tensor.base)) && tensor.parts.every(isPlain);
  }

  /** The room of a whole block of a method over the whole model, for as long as this merge lasts. */
  #notesOf(tensor: PlannedTensor, { offset, length }: BlockReference): BlockNotes | undefined {
    const { kept, program, notes: shared } = this.#options;
    const { scope, notes: perElement = 0 } = program;
    const whole = blockAround(tensor, offset);
    const wants = scope === 'model' && perElement > 0 && tensor.rule === 'method';
    if (!wants || whole.offset !== offset || whole.length !== length) return undefined;
    const values = Math.floor(perElement * length);
    const place = `notes ${tensor.name} ${offset} ${length} ${perElement}`;
    if (kept === undefined) return shared?.of(place, values);
    if (perElement > kept.notes) return undefined;
    const known = this.#notes.get(place);
    if (known !== undefined) return known;
    const options = { word: 'notes', length: values };
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
    const spare = () => this.#row.base.subarray(0, block.length);
    const row = this.#kept.base(tensor, { ...block, spare, read: this.#reading(tensor, block) });
    return pieceOfRow(row, offset - block.offset, length);
  }

  /** Reads a part's values of a block. */
  #reading(tensor: PlannedTensor, { offset }: { offset: number }): (part: TensorPart, row: Float32Array) => void {
    return (part, row) => {
      this.#options.reader.readFloats(part, { offset, row, raw: this.raw, rowLength: rowLength(tensor) });
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
      const spare = () =>
        tensor.parts.map((_, model) => (this.#row.models[model] as Float32Array).subarray(0, block.length));
      const read = this.#reading(tensor, block);
      const rows = this.#kept.models(tensor, { ...block, wanted, spare, read });
      return rows.map((row) => pieceOfRow(row, offset - block.offset, length));
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

/** A view costs more than the arithmetic of a short row: a whole row is its own piece. */
function pieceOfRow(row: Float32Array, offset: number, length: number): Float32Array {
  return row.length === length ? row : row.subarray(offset, offset + length);
}

/** Statistics with one value per element: those of a layer that is merged whole are matrices, read elsewhere. */
function elementStatistics({ statistics = [], linear }: PlannedTensor): readonly TensorPart[] {
  return linear === undefined ? statistics : [];
}

/** Elements of one row: all dimensions but the first. */
function rowLength({ shape, length }: PlannedTensor): number {
  return shape[0] === undefined || shape[0] === 0 ? 1 : length / shape[0];
}
