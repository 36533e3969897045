import { createHash } from 'node:crypto';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { GraphError, type ModelSource, type Registry } from '@hubfuse/plugin';
import {
  dtypeBytes,
  elementCount,
  readCheckpoint,
  type StoredTensor,
  toFloat32,
  writeAll,
  writeWhole,
} from '@hubfuse/tensors';
import { composeModel, type GraphOptions } from './build-graph.ts';
import { encodeModel } from './encode-model.ts';
import { storedElementType } from './graph-builder.ts';
import { ElementType, type OnnxModel, type TensorData } from './onnx-model.ts';
import { readConfig } from './read-config.ts';
import { withExternalData } from './transformers-js-config.ts';

/**
 * A protobuf message ends at 2 GiB, and runtimes hold a model file in memory while they parse it: weights beyond this
 * many bytes go into files of their own.
 */
const INLINE_LIMIT = 1_500_000_000;
/** Browsers hold each data file in one ArrayBuffer, which ends at about 2 GB in many of them. */
const DATA_FILE_LIMIT = 2_000_000_000;
/** transformers.js fetches no more data files than this. */
const MAXIMUM_DATA_FILES = 100;
/** Stored bytes that are read, widened and written at a time. */
const BLOCK_BYTES = 8 * 1024 * 1024;

export interface ExportOnnxOptions {
  /** The model: config.json and safetensors weights. */
  source: ModelSource;
  /** Folder that gets `onnx/model.onnx`; commonly the source's own. */
  out: string;
  registry: Registry;
  /** Default: the first entry of config.json's `architectures`. */
  className?: string | undefined;
  /** Bytes of float32 weights above which they go into `onnx/model.onnx_data`. Default 1.5 GB. */
  inlineLimit?: number | undefined;
  /** Bytes of one data file; a tensor is never split. Default 2 GB. */
  dataFileLimit?: number | undefined;
  signal?: AbortSignal | undefined;
}

export interface ExportedFile {
  /** Relative to `out`. */
  path: string;
  size: number;
  /** In hexadecimal. */
  sha256: string;
}

export interface OnnxExport {
  files: ExportedFile[];
  /** What config.json says beside these files; `out/config.json` is rewritten where that differs from the source's. */
  config: Readonly<Record<string, unknown>>;
}

/**
 * Writes a model as ONNX in float32 where transformers.js looks for it: `onnx/model.onnx`, whole in itself, or with
 * `onnx/model.onnx_data` beside it where the weights are large. float16 and bfloat16 are widened exactly. Memory stays
 * at some blocks of 8 MiB whatever the model's size.
 * @throws GraphError where the model has no graph; TensorError where its weights are malformed
 */
export async function exportOnnx(options: ExportOnnxOptions): Promise<OnnxExport> {
  const { source, out, registry, className } = options;
  const config = await readConfig(source);
  const { tensors } = await readCheckpoint(source);
  const { model, dataFiles } = layOut({ config, tensors, registry, className }, options);
  const folder = join(out, 'onnx');
  await mkdir(folder, { recursive: true });
  const { signal } = options;
  const files: ExportedFile[] = [];
  for (const [index, stored] of dataFiles.entries()) {
    files.push(await writeParts(folder, dataFileName(index), stored, { source, signal }));
  }
  const parts = encodeModel(model).map((part) => (part instanceof Uint8Array ? part : (part.key as StoredTensor)));
  files.push(await writeParts(folder, 'model.onnx', parts, { source, signal }));
  await removeStaleData(folder, dataFiles.length);
  const configured = withExternalData(config, dataFiles.length);
  if (configured !== config) await writeFile(join(out, 'config.json'), `${JSON.stringify(configured, null, 2)}\n`);
  return { files, config: configured };
}

/** Decides where the weights go. Tensors of a data file follow each other in it without gaps. */
function layOut(
  graph: GraphOptions,
  { inlineLimit = INLINE_LIMIT, dataFileLimit = DATA_FILE_LIMIT }: ExportOnnxOptions,
): { model: OnnxModel; dataFiles: StoredTensor[][] } {
  let total = 0;
  const inline = composeWidened(graph, (tensor, length) => {
    total += length;
    return { kind: 'streamed', length, key: tensor };
  });
  if (total <= inlineLimit) return { model: inline, dataFiles: [] };
  const dataFiles: StoredTensor[][] = [];
  let filled = Number.POSITIVE_INFINITY;
  const model = composeWidened(graph, (tensor, length) => {
    if (filled + length > dataFileLimit) {
      dataFiles.push([]);
      filled = 0;
    }
    dataFiles.at(-1)?.push(tensor);
    const data: TensorData = {
      kind: 'external',
      location: dataFileName(dataFiles.length - 1),
      offset: filled,
      length,
    };
    filled += length;
    return data;
  });
  if (dataFiles.length > MAXIMUM_DATA_FILES) {
    throw new GraphError({
      code: 'graph/too-large',
      message: `the weights would take ${dataFiles.length} data files; transformers.js loads at most ${MAXIMUM_DATA_FILES}`,
    });
  }
  return { model, dataFiles };
}

/** The graph with every weight in float32, whatever it is stored as. */
function composeWidened(graph: GraphOptions, place: (tensor: StoredTensor, length: number) => TensorData): OnnxModel {
  return composeModel(graph, (tensor) => {
    storedElementType(tensor); // refuses what cannot be widened
    return { elementType: ElementType.float32, data: place(tensor, 4 * elementCount(tensor.shape)) };
  });
}

function dataFileName(index: number): string {
  return index === 0 ? 'model.onnx_data' : `model.onnx_data_${index}`;
}

async function writeParts(
  folder: string,
  name: string,
  parts: readonly (Uint8Array | StoredTensor)[],
  from: { source: ModelSource; signal: AbortSignal | undefined },
): Promise<ExportedFile> {
  const hash = createHash('sha256');
  let size = 0;
  await writeWhole(join(folder, name), async (handle) => {
    const write = async (bytes: Uint8Array): Promise<void> => {
      hash.update(bytes);
      size += bytes.length;
      await writeAll(handle, bytes);
    };
    for (const part of joined(parts)) {
      from.signal?.throwIfAborted();
      if (part instanceof Uint8Array) await write(part);
      else await writeWidened(part, from.source, write);
    }
  });
  return { path: `onnx/${name}`, size, sha256: hash.digest('hex') };
}

/** Neighbouring byte parts as one: a graph has thousands of parts of a few bytes. */
function* joined(parts: readonly (Uint8Array | StoredTensor)[]): Generator<Uint8Array | StoredTensor> {
  let small: Uint8Array[] = [];
  for (const part of parts) {
    if (part instanceof Uint8Array) {
      small.push(part);
      continue;
    }
    if (small.length > 0) yield Buffer.concat(small);
    small = [];
    yield part;
  }
  if (small.length > 0) yield Buffer.concat(small);
}

async function writeWidened(
  tensor: StoredTensor,
  source: ModelSource,
  write: (bytes: Uint8Array) => Promise<void>,
): Promise<void> {
  const { file, offset, bytes: length, dtype, name } = tensor;
  const block = BLOCK_BYTES - (BLOCK_BYTES % dtypeBytes(dtype));
  for (let start = 0; start < length; start += block) {
    const end = Math.min(length, start + block);
    const stored = await source.read(file, { start: offset + start, end: offset + end });
    if (stored.length !== end - start) {
      throw new GraphError({ code: 'graph/short-file', where: file, message: `the tensor "${name}" is cut off` });
    }
    await write(dtype === 'F32' ? stored : new Uint8Array(toFloat32(stored, dtype).buffer));
  }
}

/** Data files of an earlier, larger export would be published with this one. */
async function removeStaleData(folder: string, dataFiles: number): Promise<void> {
  const current = new Set(Array.from({ length: dataFiles }, (_, index) => dataFileName(index)));
  for (const name of await readdir(folder)) {
    if (/^model\.onnx_data(?:_\d+)?$/.test(name) && !current.has(name)) await rm(join(folder, name));
  }
}
