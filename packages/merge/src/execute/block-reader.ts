import { readSync } from 'node:fs';
import { join } from 'node:path';
import { TensorError } from '@hubfuse/plugin';
import { dtypeBytes, type FloatDType, type KernelInstance, toFloat64 } from '@hubfuse/tensors';
import type { PlannedTensor, TensorPart } from '../plan/merge-plan.ts';
import type { OpenFiles } from './open-files.ts';

export interface ReadOptions {
  /** Elements before the piece. */
  offset: number;
  /** Where the values go; its length says how many. */
  row: Float32Array;
  /** Room for the stored bytes. */
  raw: Uint8Array;
  /** Elements of one row of the tensor, for parts whose rows are in another order. */
  rowLength?: number;
}

/** Bytes that are read at a time where they need room outside the kernels' memory. */
const PIECE_BYTES = 1 << 20;

/** Reads pieces of tensors by position straight into the kernels' memory. One per worker thread. */
export class BlockReader {
  readonly #kernels: KernelInstance;
  readonly #inputs: readonly { name: string }[];
  readonly #folders: readonly string[];
  readonly #damaged: string;
  readonly #files: OpenFiles;

  constructor(options: {
    kernels: KernelInstance;
    inputs: readonly { name: string }[];
    folders: readonly string[];
    files: OpenFiles;
    /** What to do about values that are not finite. */
    damaged: string;
  }) {
    this.#damaged = options.damaged;
    this.#kernels = options.kernels;
    this.#inputs = options.inputs;
    this.#folders = options.folders;
    this.#files = options.files;
  }

  /**
   * Widens a piece of a tensor into `row`.
   * @throws TensorError naming file, tensor and index where a value is NaN or infinite, or a float64 is beyond float32
   */
  readFloats(part: TensorPart, options: ReadOptions): void {
    const { offset, row, raw } = options;
    const dtype = part.dtype as FloatDType;
    const size = dtypeBytes(dtype);
    // float32 needs no conversion, only the check: it is read into place.
    const bytes =
      dtype === 'F32' ? new Uint8Array(row.buffer, row.byteOffset, row.length * 4) : raw.subarray(0, row.length * size);
    if (part.rows === undefined) this.readBytes(part, { offset: offset * size, into: bytes });
    else this.#readRows(part, { offset: offset * size, into: bytes, rowBytes: (options.rowLength ?? 1) * size });
    const bad = this.#kernels.widen(dtype, bytes, row);
    if (bad < 0) return;
    // Widening a value that is not finite need not keep which it is.
    const [value = Number.NaN] = toFloat64(bytes.slice(bad * size, (bad + 1) * size), dtype);
    throw this.#notFinite(part, { index: offset + bad, value });
  }

  /**
   * Widens a piece of a tensor to float64.
   * @throws TensorError naming file, tensor and index where a value is NaN or infinite
   */
  readDoubles(part: TensorPart, options: { offset: number; into: Float64Array; rowLength?: number }): void {
    const { offset, into, rowLength = 1 } = options;
    const size = dtypeBytes(part.dtype);
    const pieceLength = PIECE_BYTES / size;
    for (let done = 0; done < into.length; done += pieceLength) {
      const length = Math.min(pieceLength, into.length - done);
      const bytes = new Uint8Array(length * size);
      const place = { offset: (offset + done) * size, into: bytes };
      if (part.rows === undefined) this.readBytes(part, place);
      else this.#readRows(part, { ...place, rowBytes: rowLength * size });
      const values = toFloat64(bytes, part.dtype as FloatDType);
      const bad = values.findIndex((value) => !Number.isFinite(value));
      if (bad >= 0) throw this.#notFinite(part, { index: offset + done + bad, value: values[bad] as number });
      into.set(values, done);
    }
  }

  /** Reads stored bytes as they are; `offset` counts bytes from the tensor's first. */
  readBytes(part: TensorPart, options: { offset: number; into: Uint8Array }): void {
    const { into } = options;
    const file = this.#files.get(join(this.#folders[part.input] as string, part.file));
    for (let done = 0; done < into.length; ) {
      const count = readSync(file, into, done, into.length - done, part.offset + options.offset + done);
      if (count === 0) {
        throw new TensorError({
          code: 'tensors/truncated',
          where: this.#place(part),
          message: `the file ends inside the tensor ${JSON.stringify(part.name)}`,
          hint: 'the file changed or was cut since its header was read; fetch it again',
        });
      }
      done += count;
    }
  }

  /** Reads a piece whose rows are stored in another order; `offset` counts bytes of the result. */
  #readRows(part: TensorPart, options: { offset: number; into: Uint8Array; rowBytes: number }): void {
    const { offset, into, rowBytes } = options;
    for (let done = 0; done < into.length; ) {
      const row = Math.floor((offset + done) / rowBytes);
      const inRow = (offset + done) % rowBytes;
      const length = Math.min(rowBytes - inRow, into.length - done);
      const stored = part.rows?.[row] ?? row;
      const piece = into.subarray(done, done + length);
      if (stored < 0) piece.fill(0);
      else this.readBytes(part, { offset: stored * rowBytes + inRow, into: piece });
      done += length;
    }
  }

  #place(part: TensorPart): string {
    return `${this.#inputs[part.input]?.name}/${part.file}`;
  }

  #notFinite(part: TensorPart, found: { index: number; value: number }): TensorError {
    if (Number.isFinite(found.value)) {
      return new TensorError({
        code: 'tensors/overflow',
        where: this.#place(part),
        message: `the tensor ${JSON.stringify(part.name)} holds ${found.value} at index ${found.index}, which float32 cannot hold`,
        hint: 'merges are computed in float32; no trained weight is that large: merge another revision of the model',
      });
    }
    return new TensorError({
      code: 'tensors/not-finite',
      where: this.#place(part),
      message: `the tensor ${JSON.stringify(part.name)} holds ${found.value} at index ${found.index}`,
      hint: this.#damaged,
    });
  }
}

/** Bytes that one block of any input takes in storage, at most. */
export function rawBlockBytes(tensors: readonly PlannedTensor[], elements: number): number {
  const widest = tensors.reduce((size, tensor) => {
    const parts = tensor.base === undefined ? tensor.parts : [tensor.base, ...tensor.parts];
    return Math.max(size, dtypeBytes(tensor.dtype), ...parts.map((part) => dtypeBytes(part.dtype)));
  }, 4);
  return widest * elements;
}
