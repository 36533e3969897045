import { type StatisticKind, type StatisticRequest, StatisticsError, type StatisticsProvenance } from '@hubfuse/plugin';
import { gatherCommand } from './gather-command.ts';

/** Version of the format that is written; later ones are refused. */
export const FORMAT_VERSION = 1;

const KINDS: readonly StatisticKind[] = ['gram', 'fisher'];

/** What the metadata of a statistics file says. */
export interface StatisticsFacts {
  kind: StatisticKind;
  variant: string;
  provenance: StatisticsProvenance;
  rows: ReadonlyMap<string, number>;
  aliases: ReadonlyMap<string, string>;
}

/** The metadata of a safetensors header, whose values are strings. The same facts give the same text. */
export function encodeMetadata({ kind, variant, provenance, rows, aliases }: StatisticsFacts): Record<string, string> {
  const optional = (key: string, value: string | undefined): Record<string, string> =>
    value === undefined ? {} : { [key]: value };
  return {
    'hubfuse.statistics': String(provenance.format),
    kind,
    variant,
    model: provenance.model,
    model_sha256: provenance.modelSha256,
    ...optional('model_revision', provenance.revision),
    dataset: provenance.dataset,
    ...optional('dataset_revision', provenance.datasetRevision),
    ...optional('dataset_sha256', provenance.datasetSha256),
    ...optional('split', provenance.split),
    examples: String(provenance.examples),
    task: provenance.task,
    tokenizer: provenance.tokenizer,
    max_length: String(provenance.maxLength),
    version: provenance.version,
    storage_error: String(provenance.storageError),
    rows: JSON.stringify(Object.fromEntries(rows)),
    aliases: JSON.stringify(Object.fromEntries(aliases)),
  };
}

/**
 * Reads the metadata of a statistics file.
 * @param context.request What is asked for, for hints.
 * @returns undefined for a file that another program wrote, which names neither model nor data
 * @throws StatisticsError `statistics/format` where a value is missing or malformed, or the format is a later one
 */
export function decodeMetadata(
  metadata: Readonly<Record<string, string>>,
  { where, request }: { where: string; request: StatisticRequest },
): StatisticsFacts | undefined {
  const version = metadata['hubfuse.statistics'];
  if (version === undefined) return undefined;
  const anew = `gather them anew: ${gatherCommand(request)}`;
  const fail = (message: string, hint = anew): never => {
    throw new StatisticsError({ code: 'statistics/format', where, message, hint });
  };
  if (version !== String(FORMAT_VERSION)) {
    fail(
      `the statistics are of format ${version}; this hubfuse reads format ${FORMAT_VERSION}`,
      `install a newer hubfuse, or ${anew}`,
    );
  }
  const text = (key: string): string => metadata[key] ?? fail(`the metadata does not say "${key}"`);
  const number = (key: string, minimum: number): number => {
    const value = Number(text(key));
    return Number.isFinite(value) && value >= minimum ? value : fail(`the metadata "${key}" is no usable number`);
  };
  const kind =
    KINDS.find((known) => known === text('kind')) ?? fail(`there are no statistics of kind "${text('kind')}"`);
  const modelSha256 = text('model_sha256');
  if (!/^[0-9a-f]{64}$/.test(modelSha256)) fail('the metadata "model_sha256" is no SHA-256');
  const optional = <K extends string>(name: K, key: string): { [P in K]?: string } =>
    (metadata[key] === undefined ? {} : { [name]: metadata[key] }) as { [P in K]?: string };
  return {
    kind,
    variant: text('variant'),
    provenance: {
      format: FORMAT_VERSION,
      model: text('model'),
      modelSha256,
      ...optional('revision', 'model_revision'),
      dataset: text('dataset'),
      ...optional('datasetRevision', 'dataset_revision'),
      ...optional('datasetSha256', 'dataset_sha256'),
      ...optional('split', 'split'),
      examples: number('examples', 1),
      tokenizer: text('tokenizer'),
      maxLength: number('max_length', 1),
      task: text('task'),
      version: text('version'),
      storageError: number('storage_error', 0),
    },
    rows: readMap(text('rows'), isCount) ?? fail('the metadata "rows" is no object of whole numbers'),
    aliases: readMap(text('aliases'), isText) ?? fail('the metadata "aliases" is no object of names'),
  };
}

function readMap<V>(json: string, isValue: (value: unknown) => value is V): ReadonlyMap<string, V> | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(json);
  } catch {
    return undefined;
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) return undefined;
  const entries = Object.entries(parsed);
  return entries.every((entry): entry is [string, V] => isValue(entry[1])) ? new Map(entries) : undefined;
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;
const isText = (value: unknown): value is string => typeof value === 'string';
