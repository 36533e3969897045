import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { environment } from '../environment.ts';

/** A score by dataset, and under `mean` their mean, as fractions. */
export type SplitScores = Readonly<Record<string, number>>;

/** What a row of scores.json is: a model, an ensemble, or a merge in the words of a recipe. */
export interface RowRecipe {
  model?: string;
  ensemble?: string;
  /** Names, or for a merge also entries with parameters of their own. */
  models?: readonly (string | { model: string; parameters?: Readonly<Record<string, unknown>> })[];
  merge_method?: string;
  base_model?: string;
  parameters?: Readonly<Record<string, unknown>>;
  /** Split that statistics are gathered from, `<model>.<split>.jsonl`. */
  calibration?: string;
}

export interface ZooRow {
  name: string;
  what: RowRecipe;
  expected: Readonly<Record<Split, SplitScores>>;
}

export type Split = 'dev' | 'test';
export const SPLITS: readonly Split[] = ['dev', 'test'];

/** A family of models with their true scores. */
export interface Zoo {
  name: string;
  folder: string;
  task: string;
  /** Names of the datasets, and whether they count for the mean. */
  datasets: readonly { name: string; domain: 'in' | 'out' }[];
  rows: readonly ZooRow[];
}

/** Zoos of a task that cannot be scored yet, or of an unknown layout, by name. */
export interface FoundZoos {
  zoos: Zoo[];
  pending: string[];
  /** Where they were looked for. */
  where: string;
}

/** The zoos below the folder that `HUBFUSE_ZOO` names, or the one that ships with the examples. */
export function findZoos(): FoundZoos {
  const where = environment.zoo ?? fileURLToPath(new URL('../../examples/intents-tiny', import.meta.url));
  const found: FoundZoos = { zoos: [], pending: [], where };
  for (const { name, folder } of candidates(where)) {
    const zoo = existsSync(join(folder, 'scores.json')) ? readZoo(name, folder) : undefined;
    if (zoo === undefined) found.pending.push(name);
    else found.zoos.push(zoo);
  }
  return found;
}

function candidates(where: string): { name: string; folder: string }[] {
  if (!existsSync(where)) return [];
  if (existsSync(join(where, 'scores.json'))) return [{ name: where.split('/').at(-1) ?? where, folder: where }];
  return readdirSync(where, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => ({ name: entry.name, folder: join(where, entry.name) }));
}

interface ScoresFile {
  out_of_domain: string[];
  examples: Record<Split, Record<string, number>>;
  rows: Record<string, { dev: SplitScores; test: SplitScores; what: RowRecipe }>;
}

function readZoo(name: string, folder: string): Zoo | undefined {
  const scores = JSON.parse(readFileSync(join(folder, 'scores.json'), 'utf8')) as ScoresFile;
  const names = Object.keys(scores.examples.dev);
  const task = taskOf(join(folder, 'data', `${names[0]}.dev.jsonl`));
  if (task === undefined) return undefined;
  return {
    name,
    folder,
    task,
    datasets: names.map((dataset) => ({
      name: dataset,
      domain: scores.out_of_domain.includes(dataset) ? 'out' : 'in',
    })),
    rows: Object.entries(scores.rows).map(([row, { what, dev, test }]) => ({
      name: row,
      what,
      expected: { dev, test },
    })),
  };
}

/** Names of the models of an ensemble or a merge, without the base. */
export function modelNames({ models = [] }: RowRecipe): string[] {
  return models.map((entry) => (typeof entry === 'string' ? entry : entry.model));
}

/** The models and the data of a row that are not in this copy of the zoo. */
export function absentModels(zoo: Zoo, what: RowRecipe): string[] {
  const names = [what.model, what.base_model, ...modelNames(what)].filter((name) => name !== undefined);
  const folders = names.filter((name) => !existsSync(join(zoo.folder, name)));
  const { calibration } = what;
  const files = calibration === undefined ? [] : modelNames(what).map((name) => `data/${name}.${calibration}.jsonl`);
  return [...folders, ...files.filter((file) => !existsSync(join(zoo.folder, file)))];
}

function taskOf(file: string): string | undefined {
  if (!existsSync(file)) return undefined;
  const first = JSON.parse(readFileSync(file, 'utf8').split('\n', 1)[0] ?? '{}') as Record<string, unknown>;
  if ('tokens' in first && 'tags' in first) return 'token-classification';
  return 'text' in first && 'label' in first ? 'text-classification' : undefined;
}
