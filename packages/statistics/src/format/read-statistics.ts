import {
  type ModelSource,
  type ModelStatistics,
  type StatisticRequest,
  StatisticsError,
  type StoredStatistic,
  TensorError,
} from '@hubfuse/plugin';
import { type Header, headerEnd, parseHeader, type StoredTensor } from '@hubfuse/tensors';
import { gatherCommand } from './gather-command.ts';
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
      hint: `the file is cut short or damaged: fetch it again, or gather anew: ${gatherCommand(request)}`,
      cause,
    });
  });
  const facts = decodeMetadata(header.metadata, { where, request });
  if (facts !== undefined) requireKind(facts, request, where);
  const fail = (message: string): never => {
    throw unfit(message, { where, request, isMarked: facts !== undefined });
  };
  const tensors = new Map(header.tensors.map((tensor) => [tensor.name, storedStatistic(tensor, request, fail)]));
  if (facts !== undefined) requireComplete(facts, tensors, fail);
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
    hint: `name another file, or gather them: ${gatherCommand(request)}`,
  });
}

/** A file that is not marked as statistics was named by mistake more often than it was damaged. */
function unfit(
  message: string,
  { where, request, isMarked }: { where: string; request: StatisticRequest; isMarked: boolean },
): StatisticsError {
  const code = 'statistics/format';
  const command = gatherCommand(request);
  if (isMarked) return new StatisticsError({ code, where, message, hint: `gather them anew: ${command}` });
  return new StatisticsError({
    code,
    where,
    message: `this is no statistics file: its metadata has no "hubfuse.statistics", and ${message}`,
    hint: `name a file that \`hubfuse stats\` wrote, or gather one: ${command}`,
  });
}

type Fail = (message: string) => never;

function storedStatistic(tensor: StoredTensor, { kind }: StatisticRequest, fail: Fail): StoredStatistic {
  const { name, dtype, shape, file, offset, bytes } = tensor;
  if (dtype !== 'F32' && dtype !== 'BF16' && dtype !== 'F64') {
    return fail(`"${name}" is stored as ${dtype}; statistics are F32, BF16 or F64`);
  }
  if (kind === 'gram' && gramWidth(shape) === undefined) {
    return fail(`"${name}" is of shape [${shape.join(', ')}], neither a square matrix nor the upper triangle of one`);
  }
  return { name, dtype, shape, file, offset, bytes };
}

function requireComplete({ rows, aliases }: StatisticsFacts, tensors: ReadonlyMap<string, unknown>, fail: Fail): void {
  for (const name of tensors.keys()) if (!rows.has(name)) fail(`the metadata does not say the rows of "${name}"`);
  for (const [alias, name] of aliases) {
    if (!tensors.has(name)) fail(`"${alias}" stands for "${name}", which the file does not hold`);
    if (tensors.has(alias)) fail(`"${alias}" is in the file and stands for "${name}" as well`);
  }
}
