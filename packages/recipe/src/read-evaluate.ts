import { DEVICES, didYouMean } from '@hubfuse/plugin';
import type { Field } from './fields.ts';
import { RESERVED_GATE_WORDS } from './gate.ts';
import type { ReadContext } from './read-context.ts';
import { readDataFile, readFrom } from './read-data-file.ts';
import type { DatasetEntry, EvaluateSection } from './recipe.ts';

const KEYS = ['task', 'metric', 'datasets', 'batch_tokens', 'max_length', 'limit', 'keep_examples', 'device'];
const PARTS = ['dev', 'test', 'calib'] as const;
const DATASET_KEYS = ['name', 'from', ...PARTS, 'format', 'split', 'limit', 'seed', 'domain', 'head'];

/** Scores are objects by dataset name, in which JavaScript takes this one for something else. */
const NO_NAME = 'a dataset cannot be named "__proto__"';

/** The `evaluate:` block. Tasks, metrics, formats and columns are those that are registered. */
export function readEvaluate(field: Field, context: ReadContext): EvaluateSection | undefined {
  if (!field.expectMapping(KEYS)) return undefined;
  const task = readTask(field, context);
  const metric = readMetric(field, task, context);
  const datasets = readDatasets(field, task, context);
  if (datasets.length > 0 && datasets.every(({ domain }) => domain === 'out')) {
    field.get('datasets')?.report({
      code: 'recipe/no-domain',
      message: 'every dataset is out of the domain, so there is no mean',
      hint: 'leave `domain: out` away where the merged model is meant for the data',
    });
  }
  const section = {
    batchTokens: field.get('batch_tokens')?.integer({ minimum: 1 }),
    maxLength: field.get('max_length')?.integer({ minimum: 1 }),
    limit: field.get('limit')?.integer({ minimum: 1 }),
    keepExamples: field.get('keep_examples')?.boolean() ?? false,
    device: readDevice(field.get('device')),
  };
  return task === undefined ? undefined : { task, metric, datasets, ...section };
}

function readDevice(field: Field | undefined): EvaluateSection['device'] {
  const name = field?.text('the name of a device');
  if (field === undefined || name === undefined) return undefined;
  const device = DEVICES.find((known) => known === name);
  return (
    device ??
    field.report({
      code: 'recipe/unknown-device',
      message: `there is no device "${name}"`,
      hint: didYouMean(name, DEVICES),
    })
  );
}

function readTask(field: Field, { registry }: ReadContext): string | undefined {
  const known = registry.names('task');
  const task = field.get('task');
  if (task === undefined) {
    const place = { path: `${field.path}.task`, position: field.keyPosition };
    return field.reportMissing('`evaluate` needs a `task`', { place, hint: `known: ${known.join(', ')}` });
  }
  const name = task.text('the name of a task');
  if (name === undefined || known.includes(name)) return name;
  return task.report({
    code: 'recipe/unknown-task',
    message: `there is no task "${name}"`,
    hint: didYouMean(name, known),
  });
}

function readMetric(field: Field, task: string | undefined, { registry }: ReadContext): string | undefined {
  const metric = field.get('metric');
  const name = metric?.text('the name of a metric');
  if (metric === undefined || name === undefined || task === undefined) return undefined;
  const fitting = registry.list('metric').filter((candidate) => candidate.tasks.includes(task));
  if (fitting.some((candidate) => candidate.name === name)) return name;
  return metric.report({
    code: 'recipe/unknown-metric',
    message: `${task} has no metric "${name}"`,
    hint: didYouMean(
      name,
      fitting.map((candidate) => candidate.name),
    ),
  });
}

function readDatasets(field: Field, task: string | undefined, context: ReadContext): DatasetEntry[] {
  const list = field.get('datasets');
  const items = list?.items('a list of datasets');
  if (list === undefined || items?.length === 0) {
    field.reportMissing('`evaluate` needs at least one entry in `datasets`');
    return [];
  }
  // With a task that is not known every task's columns will do: one mistake is enough.
  const tasks = context.registry.list('task').filter(({ name }) => task === undefined || name === task);
  const roles = [...new Set(tasks.flatMap(({ columns }) => Object.keys(columns)))];
  const entries: DatasetEntry[] = [];
  for (const item of items ?? []) {
    const entry = readDataset(item, roles, context);
    if (entry === undefined) continue;
    const twin = entries.find(({ name }) => name === entry.name);
    if (twin === undefined) entries.push(entry);
    else item.report({ code: 'recipe/duplicate-name', message: `two datasets are named "${entry.name}"` });
  }
  return entries;
}

function readDataset(item: Field, roles: readonly string[], context: ReadContext): DatasetEntry | undefined {
  if (!item.expectMapping([...DATASET_KEYS, ...roles])) return undefined;
  const name = readName(item);
  const from = readFrom(item.get('from'), context);
  const [dev, test, calib] = PARTS.map((part) => readDataFile(item.get(part), { from }, context));
  const columns: Record<string, string> = {};
  for (const role of roles) {
    const column = item.get(role)?.text('the name of a column');
    if (column !== undefined) columns[role] = column;
  }
  if (PARTS.every((part) => item.get(part) === undefined)) {
    item.reportMissing('a dataset needs a file: `dev`, `test` or both');
  }
  const rest = {
    format: readFormat(item.get('format'), context),
    split: item.get('split')?.text('rows of a split'),
    limit: item.get('limit')?.integer({ minimum: 1 }),
    seed: item.get('seed')?.integer({ minimum: 0 }),
    domain: item.get('domain')?.choice(['in', 'out'] as const) ?? 'in',
    head: item.get('head')?.text('the name of a head'),
    path: item.path,
  };
  return name === undefined ? undefined : { name, from, dev, test, calib, columns, ...rest };
}

function readName(item: Field): string | undefined {
  const field = item.get('name');
  if (field === undefined) return item.reportMissing('a dataset needs a `name`');
  const name = field.text();
  if (name === '__proto__') return field.report({ code: 'recipe/reserved-name', message: NO_NAME });
  if (name === undefined || !RESERVED_GATE_WORDS.includes(name)) return name;
  const hint = `${RESERVED_GATE_WORDS.join(', ')} are words of the gate`;
  return field.report({ code: 'recipe/reserved-name', message: `a dataset cannot be named "${name}"`, hint });
}

function readFormat(field: Field | undefined, { registry }: ReadContext): string | undefined {
  return field?.choice(registry.names('reader'));
}
