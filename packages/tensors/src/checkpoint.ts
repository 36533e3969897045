import { type ModelFile, type ModelSource, TensorError } from '@hubfuse/plugin';
import { type Header, headerEnd, MAXIMUM_HEADER_BYTES, parseHeader, type StoredTensor } from './header.ts';
import { JsonScanner, JsonSyntaxError } from './json-scanner.ts';
import { quoted } from './quoted.ts';

/** The weights of a model, known from headers alone. */
export interface Checkpoint {
  source: ModelSource;
  /** Metadata of the headers; where shards disagree on a key, the first one in order of name holds. */
  metadata: Readonly<Record<string, string>>;
  /** By name, in order of file and then of the bytes inside it. */
  tensors: ReadonlyMap<string, StoredTensor>;
  /** The weight files, in order of name. */
  files: readonly ModelFile[];
}

const SINGLE = 'model.safetensors';
const INDEX = 'model.safetensors.index.json';
const SHARD = /^model-\d{5,}-of-\d{5,}\.safetensors$/;
/** What a merge into one model per task has in place of weights. */
const TASKS = 'hubfuse-tasks.json';
const PICKLE = /^(?:pytorch_model|model|consolidated)[^/]*\.(?:bin|pt|pth|ckpt)$/;

/** Most headers fit, so that one request per file is enough. */
const FIRST_READ_BYTES = 64 * 1024;
/** Shards whose headers are read at a time. */
const PARALLEL_READS = 8;

/**
 * Reads the headers of a model: `model.safetensors`, or else the shards that `model.safetensors.index.json` names.
 * Only headers are read, by range.
 * @throws TensorError where there are no safetensors weights, a header is malformed, or index and shards disagree
 */
export async function readCheckpoint(source: ModelSource): Promise<Checkpoint> {
  const single = source.files.find(({ path }) => path === SINGLE);
  if (single !== undefined) return collect(source, [single], await readHeaders(source, [single]));
  const index = source.files.find(({ path }) => path === INDEX);
  if (index === undefined) throw noWeights(source);
  const homes = await readIndex(source, index);
  const files = shardFiles(source, homes);
  const headers = await readHeaders(source, files);
  checkHomes(source, homes, headers);
  return collect(source, files, headers);
}

function collect(source: ModelSource, files: readonly ModelFile[], headers: readonly Header[]): Checkpoint {
  const metadata = new Map<string, string>();
  for (const header of headers) {
    for (const [key, value] of Object.entries(header.metadata)) if (!metadata.has(key)) metadata.set(key, value);
  }
  const tensors = new Map(headers.flatMap((header) => header.tensors.map((tensor) => [tensor.name, tensor] as const)));
  return { source, metadata: Object.fromEntries(metadata), tensors, files };
}

async function readHeaders(source: ModelSource, files: readonly ModelFile[]): Promise<Header[]> {
  const headers: Header[] = [];
  for (let start = 0; start < files.length; start += PARALLEL_READS) {
    const batch = files.slice(start, start + PARALLEL_READS);
    headers.push(...(await Promise.all(batch.map((file) => readHeader(source, file)))));
  }
  return headers;
}

async function readHeader(source: ModelSource, { path, size }: ModelFile): Promise<Header> {
  const where = `${source.name}/${path}`;
  const first = await source.read(path, { start: 0, end: Math.min(size, FIRST_READ_BYTES) });
  const end = headerEnd(first, { file: where, fileSize: size });
  const bytes = end <= first.length ? first : await completed(source, path, first, end);
  const header = parseHeader(bytes, { file: where, fileSize: size });
  return { ...header, tensors: header.tensors.map((tensor) => ({ ...tensor, file: path })) };
}

async function completed(source: ModelSource, path: string, first: Uint8Array, end: number): Promise<Uint8Array> {
  const rest = await source.read(path, { start: first.length, end });
  const bytes = new Uint8Array(first.length + rest.length);
  bytes.set(first);
  bytes.set(rest, first.length);
  return bytes;
}

/** Tensor name to file name, as the index states it. */
async function readIndex(source: ModelSource, { path, size }: ModelFile): Promise<ReadonlyMap<string, string>> {
  if (size > MAXIMUM_HEADER_BYTES) {
    throw badIndex(source, `has ${size} bytes; at most 100 MB are allowed`);
  }
  const homes = new Map<string, string>();
  let mapped = false;
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(await source.read(path));
    const scanner = new JsonScanner(text);
    scanner.object('the index', (key) => {
      if (key !== 'weight_map') return scanner.skip(`the ${key} of the index`);
      mapped = true;
      scanner.object('weight_map', (name) => {
        homes.set(name, scanner.string(`the file of tensor ${quoted(name)}`));
      });
    });
    scanner.end();
  } catch (cause) {
    if (cause instanceof JsonSyntaxError)
      throw badIndex(source, `is damaged: ${cause.message} (at character ${cause.position})`);
    if (cause instanceof TypeError) throw badIndex(source, 'is not UTF-8');
    throw cause;
  }
  if (!mapped) throw badIndex(source, 'has no weight_map');
  return homes;
}

function shardFiles(source: ModelSource, homes: ReadonlyMap<string, string>): ModelFile[] {
  const present = new Map(source.files.map((file) => [file.path, file]));
  const named = [...new Set(homes.values())].sort();
  const files = named.map((path) => {
    const file = present.get(path);
    if (file === undefined || !path.endsWith('.safetensors')) {
      const [tensor] = [...homes].find(([, home]) => home === path) ?? [''];
      throw badIndex(source, `places tensor ${quoted(tensor)} in ${quoted(path)}, which is missing`);
    }
    return file;
  });
  const stray = source.files.find(({ path }) => SHARD.test(path) && !named.includes(path));
  if (stray !== undefined) throw badIndex(source, `names no tensor of the shard ${stray.path}`);
  return files;
}

/** Every tensor of the index lies in its file, and no file holds a tensor that the index places elsewhere or nowhere. */
function checkHomes(source: ModelSource, homes: ReadonlyMap<string, string>, headers: readonly Header[]): void {
  const found = new Set<string>();
  for (const { name, file } of headers.flatMap((header) => header.tensors)) {
    const home = homes.get(name);
    const tensor = quoted(name);
    if (home === undefined) throw badIndex(source, `does not name tensor ${tensor}, which ${file} holds`);
    if (home !== file) throw badIndex(source, `places tensor ${tensor} in ${home}, but ${file} holds it`);
    found.add(name);
  }
  for (const [name, home] of homes) {
    if (!found.has(name)) {
      throw badIndex(source, `places tensor ${quoted(name)} in ${home}, which does not hold it`);
    }
  }
}

function badIndex(source: ModelSource, message: string): TensorError {
  return new TensorError({
    code: 'tensors/index',
    where: `${source.name}/${INDEX}`,
    message: `the index ${message}`,
    hint: 'save the model anew, so that index and shards agree',
  });
}

function noWeights(source: ModelSource): TensorError {
  const paths = source.files.map(({ path }) => path);
  const pickle = paths.find((path) => PICKLE.test(path));
  if (pickle !== undefined) {
    return new TensorError({
      code: 'tensors/pickle-only',
      where: source.name,
      message: `the model has only pickled weights (${pickle}), which can run any code when they are loaded`,
      hint: 'convert them to safetensors (https://huggingface.co/spaces/safetensors/convert) and name that revision',
    });
  }
  const adapter = paths.find((path) => path === 'adapter_model.safetensors');
  if (adapter !== undefined) {
    return new TensorError({
      code: 'tensors/adapter-only',
      where: source.name,
      message: `the repository holds an adapter (${adapter}), not a model`,
      hint: 'merge the adapter into its base model first and save the result',
    });
  }
  if (paths.includes(TASKS)) {
    return new TensorError({
      code: 'tensors/model-per-task',
      where: source.name,
      message: `it is a merge into one model per task (${TASKS}), not one model`,
      hint: `rebuild the model of a task first: hubfuse materialize ${source.reference} --task <name>`,
    });
  }
  return new TensorError({
    code: 'tensors/no-weights',
    where: source.name,
    message: `there are no weights: neither ${SINGLE} nor ${INDEX}`,
    hint: paths.length === 0 ? 'the folder is empty' : 'name a repository or folder of a model in safetensors format',
  });
}
