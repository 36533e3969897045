import { type FileHandle, open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { MergeError, TensorError } from '@hubfuse/plugin';
import {
  dtypeBytes,
  elementCount,
  encodeHeader,
  type FloatDType,
  headerEnd,
  isFloatDType,
  KernelInstance,
  KernelMemory,
  parseHeader,
  type StoredTensor,
  storageOrder,
  writeAll,
  writeWhole,
} from '@hubfuse/tensors';
import { TASK_FILES } from '../plan/task-layout.ts';
import type { DescribedTask } from './task-description.ts';

/** Values that are rebuilt at a time: a multiple of eight, so that pieces of a mask are whole bytes. */
const PIECE = 1 << 18;
/** Most of a header fits into the first read; longer ones are read again. */
const FIRST_READ_BYTES = 1 << 16;

/** Where one tensor of the task's model comes from. */
interface TaskTensor extends StoredTensor {
  /** The open file that holds `base`, or the task's own values. */
  from: FileHandle;
  /** Absent for tensors that are taken as they are. */
  rebuilt?: { vector: StoredTensor; mask: StoredTensor };
}

/**
 * Writes the weights of one task's model, theta_0 + lambda M tau, piece by piece.
 * @param options.folder a result per task: `hubfuse-tasks.json` and what it names
 * @param options.path the safetensors file to write
 * @throws TensorError where files are damaged or do not belong together
 */
export async function materializeTask(options: {
  folder: string;
  task: DescribedTask;
  path: string;
  signal?: AbortSignal | undefined;
  onProgress?: ((progress: { done: number; total: number }) => void) | undefined;
}): Promise<void> {
  const { folder, task, path, signal, onProgress } = options;
  const opened: OpenFile[] = [];
  const openFile = async (name: string) => {
    const file = await openSafetensors(join(folder, name));
    opened.push(file);
    return file;
  };
  try {
    const [base, vector] = [await openFile(TASK_FILES.base), await openFile(TASK_FILES.vector)];
    const mask = await openFile(`${task.folder}/mask.safetensors`);
    const ownPath = `${task.folder}/own.safetensors`;
    const own = (await exists(join(folder, ownPath))) ? await openFile(ownPath) : undefined;
    const tensors = storageOrder([...rebuiltTensors({ base, vector, mask }), ...(own === undefined ? [] : plain(own))]);
    const header = encodeHeader({ tensors, metadata: { format: 'pt' } });
    const total = tensors.reduce((sum, { shape }) => sum + elementCount(shape), 0);
    let done = 0;
    const rebuild = rebuilder({ vector, mask, scale: task.rescaler });
    await writeWhole(path, async (out) => {
      await out.write(header.bytes);
      for (const tensor of tensors) {
        for (let offset = 0; offset < elementCount(tensor.shape); offset += PIECE) {
          signal?.throwIfAborted();
          const length = Math.min(PIECE, elementCount(tensor.shape) - offset);
          await writeAll(out, await rebuild(tensor, { offset, length }));
          done += length;
          onProgress?.({ done, total });
        }
      }
    });
  } finally {
    await Promise.all(opened.map(({ handle }) => handle.close()));
  }
}

interface OpenFile {
  path: string;
  handle: FileHandle;
  tensors: ReadonlyMap<string, StoredTensor>;
}

async function openSafetensors(path: string): Promise<OpenFile> {
  const handle = await open(path, 'r').catch((cause: unknown) => {
    throw new MergeError({
      code: 'merge/task-file',
      where: path,
      message: 'the file cannot be read',
      hint: 'the folder is not whole: merge or download it again',
      cause,
    });
  });
  try {
    const { size } = await stat(path);
    const first = Buffer.alloc(Math.min(size, FIRST_READ_BYTES));
    await handle.read(first, 0, first.length, 0);
    const end = headerEnd(first, { file: path, fileSize: size });
    const bytes = end <= first.length ? first : Buffer.alloc(end);
    await readAll(handle, { into: bytes.subarray(0, end), position: 0 });
    const { tensors } = parseHeader(bytes, { file: path, fileSize: size });
    return { path, handle, tensors: new Map(tensors.map((tensor) => [tensor.name, tensor])) };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

function plain({ handle, tensors }: OpenFile): TaskTensor[] {
  return [...tensors.values()].map((tensor) => ({ ...tensor, from: handle }));
}

function rebuiltTensors(files: { base: OpenFile; vector: OpenFile; mask: OpenFile }): TaskTensor[] {
  const { base, vector, mask } = files;
  for (const [name, { shape }] of vector.tensors) {
    const [start, bits] = [base.tensors.get(name), mask.tensors.get(name)];
    const fits = start?.shape.join() === shape.join() && isFloatDType(start.dtype) && bits?.dtype === 'U8';
    if (fits && elementCount(bits.shape) === Math.ceil(elementCount(shape) / 8)) continue;
    throw new TensorError({
      code: 'tensors/mask-size',
      where: mask.path,
      message: `base, vector and mask of ${JSON.stringify(name)} do not belong together`,
      hint: 'the folder is not whole: merge or download it again',
    });
  }
  return [...base.tensors.values()].map((tensor) => {
    const [own, bits] = [vector.tensors.get(tensor.name), mask.tensors.get(tensor.name)];
    if (own === undefined || bits === undefined) return { ...tensor, from: base.handle };
    return { ...tensor, from: base.handle, rebuilt: { vector: own, mask: bits } };
  });
}

/** A function that gives the stored bytes of a piece of a tensor; they last until the next. */
function rebuilder(options: { vector: OpenFile; mask: OpenFile; scale: number }) {
  const memory = new KernelMemory();
  const kernels = new KernelInstance(memory);
  memory.reserve(PIECE * (4 + 4 + 8 + 8 + 1));
  const [base, vector] = [memory.float32(PIECE), memory.float32(PIECE)];
  const [raw, stored] = [memory.bytes(PIECE * 8), memory.bytes(PIECE * 8)];
  const bits = memory.bytes(PIECE / 8);
  return async (tensor: TaskTensor, piece: { offset: number; length: number }): Promise<Uint8Array> => {
    const { offset, length } = piece;
    const size = dtypeBytes(tensor.dtype);
    const bytes = raw.subarray(0, length * size);
    await readAll(tensor.from, { into: bytes, position: tensor.offset + offset * size });
    if (tensor.rebuilt === undefined) return bytes;
    const dtype = tensor.dtype as FloatDType;
    const [start, tau] = [base.subarray(0, length), vector.subarray(0, length)];
    kernels.widen(dtype, bytes, start);
    const tauBytes = new Uint8Array(tau.buffer, tau.byteOffset, tau.byteLength);
    await readAll(options.vector.handle, { into: tauBytes, position: tensor.rebuilt.vector.offset + offset * 4 });
    const mask = bits.subarray(0, Math.ceil(length / 8));
    await readAll(options.mask.handle, { into: mask, position: tensor.rebuilt.mask.offset + offset / 8 });
    kernels.tasks.addMasked(start, start, { vector: tau, bits: mask, scale: options.scale });
    const narrowed = stored.subarray(0, length * size);
    const bad = kernels.narrow(dtype, start, narrowed);
    if (bad < 0) return narrowed;
    throw new TensorError({
      code: 'tensors/overflow',
      where: tensor.name,
      message: `the rebuilt value ${start[bad]} at index ${offset + bad} does not fit into ${dtype}`,
      hint: 'the vector or the base is damaged, or the merge needs out_dtype: float32',
    });
  };
}

async function readAll(handle: FileHandle, options: { into: Uint8Array; position: number }): Promise<void> {
  const { into, position } = options;
  for (let done = 0; done < into.length; ) {
    const { bytesRead } = await handle.read(into, done, into.length - done, position + done);
    if (bytesRead === 0) {
      throw new TensorError({
        code: 'tensors/truncated',
        message: 'a file of the merge ends inside a tensor',
        hint: 'it changed or was cut since its header was read; download it again',
      });
    }
    done += bytesRead;
  }
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}
