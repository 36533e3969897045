import {
  type ModelSource,
  type ModelStatistics,
  type StatisticKind,
  type StatisticRequest,
  StatisticsError,
  type StoredStatistic,
  TensorError,
} from '@hubfuse/plugin';
import { type Header, headerEnd, parseHeader, type StoredTensor } from '@hubfuse/tensors';
import { decodeMetadata, type StatisticsFacts } from './metadata.ts';
import { gramWidth } from './triangle.ts';

/** Most headers fit, so that one request is enough. */
const FIRST_READ_BYTES = 64 * 1024;

export interface ReadStatisticsOptions {
  /** Repository or folder that holds the file. */
  source: ModelSource;
  /** The file inside the source. */
  path: string;
  /** What is asked for; statistics of another kind or variant are refused. */
  request: StatisticRequest;
}

/**
 * Reads the header of a statistics file, by range where it is remote, and checks that it is well formed. Whether its
 * values fit a model is what `checkStatistics` and `checkValues` say.
 * @throws StatisticsError `statistics/no-file`, `statistics/unreadable` (truncated, or no safetensors file),
 *   `statistics/format`, `statistics/other-kind`
 */
export async function readStatistics(options: ReadStatisticsOptions): Promise<ModelStatistics> {
  const { source, path, request } = options;
  const where = `${source.name}/${path}`;
  const file = source.files.find((candidate) => candidate.path === path);
  if (file === undefined) {
    throw new StatisticsError({ code: 'statistics/no-file', where, message: 'there is no such statistics file' });
  }
  const header = await readHeader(source, path, file.size).catch((cause: unknown) => {
    if (!(cause instanceof TensorError)) throw cause;
    throw new StatisticsError({
      code: 'statistics/unreadable',
      where,
      message: `the statistics cannot be read: ${cause.summary}`,
      hint: 'the file is cut short or damaged: fetch it again, or gather anew with `hubfuse stats`',
      cause,
    });
  });
  const facts = decodeMetadata(header.metadata, where);
  if (facts !== undefined) requireKind(facts, request, where);
  const tensors = new Map(header.tensors.map((tensor) => [tensor.name, storedStatistic(tensor, request.kind, where)]));
  if (facts !== undefined) requireComplete(facts, tensors, where);
  return {
    ...request,
    source,
    path,
    ...(file.sha256 === undefined ? {} : { sha256: file.sha256 }),
    ...(facts === undefined ? {} : { provenance: facts.provenance }),
    tensors,
    rows: facts?.rows ?? new Map<string, number>(),
    aliases: facts?.aliases ?? new Map<string, string>(),
  };
}

async function readHeader(source: ModelSource, path: string, size: number): Promise<Header> {
  const first = await source.read(path, { start: 0, end: Math.min(size, FIRST_READ_BYTES) });
  const end = headerEnd(first, { file: path, fileSize: size });
  const bytes = end <= first.length ? first : await source.read(path, { start: 0, end });
  return parseHeader(bytes, { file: path, fileSize: size });
}

function requireKind(facts: StatisticsFacts, request: StatisticRequest, where: string): void {
  if (facts.kind === request.kind && facts.variant === request.variant) return;
  throw new StatisticsError({
    code: 'statistics/other-kind',
    where,
    message: `the file holds ${facts.kind} statistics (${facts.variant}) where ${request.kind} (${request.variant}) are needed`,
    hint: 'name another file, or gather them with `hubfuse stats`',
  });
}

function storedStatistic(tensor: StoredTensor, kind: StatisticKind, where: string): StoredStatistic {
  const { name, dtype, shape, file, offset, bytes } = tensor;
  const fail = (message: string): never => {
    throw new StatisticsError({ code: 'statistics/format', where, message });
  };
  if (dtype !== 'F32' && dtype !== 'BF16' && dtype !== 'F64') {
    return fail(`"${name}" is stored as ${dtype}; statistics are F32, BF16 or F64`);
  }
  if (kind === 'gram' && gramWidth(shape) === undefined) {
    return fail(`"${name}" is of shape [${shape.join(', ')}], neither a square matrix nor the upper triangle of one`);
  }
  return { name, dtype, shape, file, offset, bytes };
}

function requireComplete(
  { rows, aliases }: StatisticsFacts,
  tensors: ReadonlyMap<string, unknown>,
  where: string,
): void {
  const fail = (message: string): never => {
    throw new StatisticsError({ code: 'statistics/format', where, message });
  };
  for (const name of tensors.keys()) if (!rows.has(name)) fail(`the metadata does not say the rows of "${name}"`);
  for (const [alias, name] of aliases) {
    if (!tensors.has(name)) fail(`"${alias}" stands for "${name}", which the file does not hold`);
    if (tensors.has(alias)) fail(`"${alias}" is in the file and stands for "${name}" as well`);
  }
}
