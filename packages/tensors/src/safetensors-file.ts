import { randomBytes } from 'node:crypto';
import { type FileHandle, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { TensorError } from '@hubfuse/plugin';
import type { DType } from './dtype.ts';
import { encodeHeader, storageOrder, tensorBytes } from './encode-header.ts';
import { parseHeader } from './header.ts';
import { quoted } from './quoted.ts';

/** A tensor in memory. */
export interface TensorData {
  dtype: DType;
  /** Empty for a 0-d tensor. */
  shape: readonly number[];
  /** Elements in row-major order, little-endian. */
  data: Uint8Array;
}

export interface SafetensorsFile {
  metadata: Readonly<Record<string, string>>;
  /** In the order in which their bytes lie in the file. */
  tensors: ReadonlyMap<string, TensorData>;
}

/** Reads a whole file into memory: for small files. @throws TensorError where it is malformed */
export async function readSafetensors(path: string): Promise<SafetensorsFile> {
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw new TensorError({ code: 'tensors/unreadable', where: path, message: 'the file cannot be read', cause });
  });
  // A plain array: the methods of Buffer differ (its `slice` shares memory).
  return decodeSafetensors(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length), path);
}

/**
 * The tensors of a file in memory. `data` shares the memory of `bytes`.
 * @param file what messages call it
 * @throws TensorError where it is malformed
 */
export function decodeSafetensors(bytes: Uint8Array, file: string): SafetensorsFile {
  const { metadata, tensors } = parseHeader(bytes, { file, fileSize: bytes.length });
  return {
    metadata,
    tensors: new Map(
      tensors.map(({ name, dtype, shape, offset, bytes: length }) => [
        name,
        { dtype, shape, data: bytes.subarray(offset, offset + length) },
      ]),
    ),
  };
}

/**
 * Writes a file of tensors that are in memory. It has its final name only when it is whole and on the disk.
 * @throws TensorError where a tensor's data does not fit its dtype and shape
 */
export async function writeSafetensors(
  path: string,
  tensors: ReadonlyMap<string, TensorData>,
  metadata: Readonly<Record<string, string>> = {},
): Promise<void> {
  const layout = storageOrder([...tensors].map(([name, tensor]) => ({ name, ...tensor })));
  for (const tensor of layout) {
    if (tensorBytes(tensor) !== tensor.data.length) {
      throw new TensorError({
        code: 'tensors/size',
        where: path,
        message: `the tensor ${quoted(tensor.name)} is ${tensor.dtype} [${tensor.shape.join(', ')}], ${tensorBytes(tensor)} bytes, but has ${tensor.data.length} bytes of data`,
      });
    }
  }
  const header = encodeHeader({ tensors: layout, metadata });
  await writeWhole(path, async (handle) => {
    await handle.writeFile(header.bytes);
    for (const { data } of layout) await handle.writeFile(data);
  });
}

/**
 * Writes a file under a temporary name beside `path`, and gives it its name when its content is on the disk. Nothing
 * is left where `write` fails.
 */
export async function writeWhole(path: string, write: (handle: FileHandle) => Promise<void>): Promise<void> {
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    const handle = await open(temporary, 'wx');
    try {
      await write(handle);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await syncFolder(dirname(path));
}

/** Makes a rename last through a power cut. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
