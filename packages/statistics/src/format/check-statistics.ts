import { type ModelStatistics, StatisticsError } from '@hubfuse/plugin';
import { gatherCommand } from './gather-command.ts';
import { gramWidth } from './triangle.ts';

/** A mean of fewer rows than this share of a layer's width says next to nothing about the layer. */
const ROWS_PER_WIDTH = 1 / 16;

/** The entry of some statistics whose mean is over too few rows to say something about its layer. */
export interface ShortEntry {
  key: string;
  rows: number;
  needed: number;
}

/** What statistics are checked against. */
export interface StatisticsSubject {
  /** What messages call the model. */
  model: string;
  /** Identity of its weights (`weightsSha256`). */
  modelSha256: string;
  /**
   * The shape of every statistic that the model has, by key: [width] of the input for `gram`, the shape of the tensor
   * for `fisher`. Absent where no graph says what layers the model has.
   */
  expected?: ReadonlyMap<string, readonly number[]> | undefined;
  /** Where a recipe says which examples they were gathered on, such as `models[0].calibration`. Absent: in no recipe. */
  calibration?: { path: string; limit?: number | undefined } | undefined;
}

/**
 * Checks that statistics belong to a model: gathered with these very weights, for each of its layers, over enough rows.
 * @throws StatisticsError `statistics/unverified`, `statistics/other-weights`, `statistics/other-layers`,
 *   `statistics/too-few-rows`
 */
export function checkStatistics(statistics: ModelStatistics, subject: StatisticsSubject): void {
  const where = `${statistics.source.name}/${statistics.path}`;
  requireWeights(statistics, subject, where);
  if (subject.expected !== undefined) requireLayers(statistics, { ...subject, expected: subject.expected }, where);
  requireRows(statistics, subject, where);
}

function requireWeights({ provenance, ...request }: ModelStatistics, subject: StatisticsSubject, where: string): void {
  const { model, modelSha256 } = subject;
  if (provenance === undefined) {
    throw new StatisticsError({
      code: 'statistics/unverified',
      where,
      message: `the file does not say which weights it was gathered with, so it cannot be checked against ${model}`,
      hint: `gather the statistics with hubfuse, which writes that down: ${gatherCommand(request, model)}`,
    });
  }
  if (provenance.modelSha256 === modelSha256) return;
  const revision = provenance.revision === undefined ? '' : ` at ${provenance.revision}`;
  throw new StatisticsError({
    code: 'statistics/other-weights',
    where,
    message: `the statistics were gathered with other weights (${provenance.model}${revision}, SHA-256 ${short(provenance.modelSha256)}) than those of ${model} (${short(modelSha256)})`,
    hint: `gather them anew: ${gatherCommand(request, model)}`,
  });
}

function requireLayers(
  statistics: ModelStatistics,
  { model, expected }: { model: string; expected: ReadonlyMap<string, readonly number[]> },
  where: string,
): void {
  const { kind, tensors, aliases } = statistics;
  const fail = (message: string): never => {
    throw new StatisticsError({
      code: 'statistics/other-layers',
      where,
      message,
      hint: `the statistics are of a model with other layers: gather them anew: ${gatherCommand(statistics, model)}`,
    });
  };
  const held = new Set([...tensors.keys(), ...aliases.keys()]);
  const missing = [...expected.keys()].filter((key) => !held.has(key));
  const foreign = [...held].filter((key) => !expected.has(key));
  if (missing.length > 0) fail(`${missing.length} layers of ${model} are not in the statistics, e.g. ${missing[0]}`);
  if (foreign.length > 0) fail(`${foreign.length} entries are of no layer of ${model}, e.g. ${foreign[0]}`);
  for (const [key, shape] of expected) {
    const stored = tensors.get(aliases.get(key) ?? key)?.shape ?? [];
    const size = kind === 'gram' ? [gramWidth(stored)] : stored;
    if (size.join() === shape.join()) continue;
    fail(`"${key}" was measured for a size of [${size.join(', ')}], but is [${shape.join(', ')}] in ${model}`);
  }
}

/** The first entry that is over too few rows; undefined where all have enough. */
export function findShortEntry({
  kind,
  tensors,
  rows,
}: Pick<ModelStatistics, 'kind' | 'rows'> & {
  tensors: ReadonlyMap<string, { shape: readonly number[] }>;
}): ShortEntry | undefined {
  for (const [key, { shape }] of tensors) {
    const needed = kind === 'gram' ? Math.ceil((gramWidth(shape) ?? 0) * ROWS_PER_WIDTH) : 1;
    const found = rows.get(key);
    if (found !== undefined && found < needed) return { key, rows: found, needed };
  }
  return undefined;
}

function requireRows(statistics: ModelStatistics, { model, calibration }: StatisticsSubject, where: string): void {
  const found = findShortEntry(statistics);
  if (found === undefined) return;
  const { key, rows, needed } = found;
  const code = 'statistics/too-few-rows';
  if (calibration === undefined) {
    throw new StatisticsError({
      code,
      where,
      message: `"${key}" is the mean of ${rows} rows; at least ${needed} are needed`,
      hint: `gather over more examples, with a larger --limit or more data: ${gatherCommand(statistics, model)}`,
    });
  }
  const { path, limit } = calibration;
  throw new StatisticsError({
    code,
    where: limit === undefined ? path : `${path}.limit`,
    message: `"${key}" of ${model} is the mean of ${rows} rows; at least ${needed} are needed`,
    hint:
      limit === undefined
        ? `name more examples under ${path}: a wider split, or more data`
        : `raise ${path}.limit above ${limit}, or leave it out to take all examples`,
  });
}

const short = (hash: string): string => hash.slice(0, 12);
