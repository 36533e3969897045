import { basename } from 'node:path';
import { RecipeError } from '@hubfuse/plugin';
import type { Field } from './fields.ts';
import { parseHubAddress } from './hub-address.ts';
import type { ReadContext } from './read-context.ts';
import { isAddress, localPath, readDataFile, readFrom } from './read-data-file.ts';
import type { Calibration, ModelEntry, StatisticsFile } from './recipe.ts';
import type { ModelReference } from './reference.ts';

const KEYS = ['data', 'from', 'task', 'format', 'split', 'limit', 'seed', 'max_length'];

/** Stands for the model's name in the files of the top level. */
const PLACEHOLDER = '{name}';

/** Keys of a model's entry, and of the top level as the default for all models. */
export const STATISTICS_KEYS = ['calibration', 'statistics'] as const;

type ModelStatisticsKeys = Pick<ModelEntry, 'calibration' | 'statistics'>;

/** What a mapping, a model's entry or the recipe itself, says about a model's statistics. */
export function readStatisticsKeys(
  mapping: Field,
  reference: ModelReference,
  context: ReadContext,
): ModelStatisticsKeys {
  const name = nameOf(reference);
  const [calibration, statistics] = STATISTICS_KEYS.map((key) => mapping.get(key));
  const read: ModelStatisticsKeys = {
    calibration: calibration && readCalibration(calibration, name, context),
    statistics: statistics && readStatisticsFile(statistics, name, context),
  };
  return Object.fromEntries(Object.entries(read).filter(([, value]) => value !== undefined));
}

/** Models without keys of their own take those of the top level. */
export function withTopLevelStatistics(
  entries: readonly ModelEntry[],
  root: Field,
  context: ReadContext,
): ModelEntry[] {
  const before = context.findings.count;
  return entries.map((entry) => {
    // A mistake at the top level is said once, not for every model.
    if (context.findings.count > before) return entry;
    return { ...readStatisticsKeys(root, entry.reference, context), ...entry };
  });
}

/** The last part of a repository's id, or of a folder's path. */
function nameOf(reference: ModelReference): string {
  return basename(reference.kind === 'hub' ? reference.repo : reference.path);
}

/** A file, or a mapping with `data` and what selects and reads its rows. */
function readCalibration(field: Field, name: string, context: ReadContext): Calibration | undefined {
  const fill = (text: string): string => text.replaceAll(PLACEHOLDER, name);
  if (field.node.kind === 'scalar') {
    const data = readDataFile(field, { from: undefined, fill }, context);
    return data && { data, columns: {}, path: field.path };
  }
  const { registry } = context;
  const task = field.get('task')?.choice(registry.names('task'));
  const tasks = registry.list('task').filter((candidate) => task === undefined || candidate.name === task);
  const roles = [...new Set(tasks.flatMap(({ columns }) => Object.keys(columns)))];
  if (!field.expectMapping([...KEYS, ...roles])) return undefined;
  const from = readFrom(field.get('from'), context);
  const file = field.get('data');
  if (file === undefined) return field.reportMissing('`calibration` needs a file under `data`');
  const data = readDataFile(file, { from, fill }, context);
  const columns: Record<string, string> = {};
  for (const role of roles) {
    const column = field.get(role)?.text('the name of a column');
    if (column !== undefined) columns[role] = column;
  }
  const rest = {
    task,
    format: field.get('format')?.choice(registry.names('reader')),
    split: field.get('split')?.text('rows of a split'),
    limit: field.get('limit')?.integer({ minimum: 1 }),
    seed: field.get('seed')?.integer({ minimum: 0 }),
    maxLength: field.get('max_length')?.integer({ minimum: 1 }),
  };
  return data && { data, columns, ...rest, path: field.path };
}

/** A statistics file: a local path, or the address of a file in a repository. */
function readStatisticsFile(field: Field, name: string, context: ReadContext): StatisticsFile | undefined {
  const written = field.text('a statistics file');
  if (written === undefined) return undefined;
  const text = written.replaceAll(PLACEHOLDER, name);
  if (!isAddress(text)) return { kind: 'local', path: localPath(text, context), reference: text, place: field.path };
  const address = parseAddress(field, text, context);
  if (address === undefined) return undefined;
  const { type, repo, revision, path } = address;
  if (type === 'space' || path === undefined) {
    const message = `"${text}" names no file of a model or dataset repository`;
    return field.report({
      code: 'recipe/bad-reference',
      message,
      hint: 'such as hf://ns/name/hubfuse/gram-mask-x.safetensors',
    });
  }
  return { kind: 'hub', type, repo, revision, path, reference: text, place: field.path };
}

function parseAddress(field: Field, text: string, context: ReadContext): ReturnType<typeof parseHubAddress> {
  try {
    return parseHubAddress(text, context.references.hub);
  } catch (error) {
    if (!(error instanceof RecipeError)) throw error;
    context.findings.adopt(field.place, error);
    return undefined;
  }
}
