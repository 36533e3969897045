import { readFile } from 'node:fs/promises';
import {
  type DatasetReader,
  didYouMean,
  EvaluationError,
  type Example,
  type Registry,
  type Task,
  type TaskExample,
} from '@hubfuse/plugin';
import { selectRows } from './select-rows.ts';

/** Where the bytes of a dataset file are: a local path, or bytes with the name that says the format. */
export type DatasetSource = { path: string } | { bytes: Uint8Array; name: string };

export interface LoadDatasetOptions {
  /** What scores are reported under. */
  name: string;
  source: DatasetSource;
  /** Name of the task that reads the rows, e.g. `text-classification`. */
  task: string;
  /** Name of a reader; default: by the file name's ending. */
  reader?: string | undefined;
  /** Column names by role (`{text: 'utterance'}`); default: the task's. */
  columns?: Readonly<Record<string, string>> | undefined;
  /** How who asks names the column of a role, for hints. Default: as recipes do, `text: <column>`. */
  columnSetting?: ((role: string) => string) | undefined;
  /**
   * Which rows: a value of the column `split`, a slice of rows, or both, as the Hub's datasets library writes it:
   * `validation`, `[:500]`, `[10%:20%]`, `validation[:10%]`. Default: all.
   */
  split?: string | undefined;
  /** At most so many examples: the first ones, or with `seed` a sample drawn without replacement. Default: all. */
  limit?: number | undefined;
  /** Seed of the sample. */
  seed?: number | undefined;
  /** `out` keeps the dataset out of the mean. Default `in`. */
  domain?: 'in' | 'out' | undefined;
  /** The head of a merge with several heads that answers this dataset. Default: the one whose labels cover its own. */
  head?: string | undefined;
  registry: Registry;
}

/** A dataset in memory, its rows read as a task understands them. */
export interface Dataset {
  name: string;
  task: string;
  /** The file's name, for messages. */
  where: string;
  examples: readonly TaskExample[];
  /** Names behind integer labels, where the file states them. */
  classNames?: readonly string[];
  domain: 'in' | 'out';
  head?: string;
}

/**
 * Reads a dataset file.
 * @throws EvaluationError that names the file, and the row or line where that is to blame: a file that cannot be read,
 *   an unknown format, malformed lines, missing columns, values of a wrong type, no examples at all.
 */
export async function loadDataset(options: LoadDatasetOptions): Promise<Dataset> {
  const { name, source, registry } = options;
  const where = 'path' in source ? source.path : source.name;
  const task = registry.get('task', options.task);
  const reader = findReader(registry, options.reader, where);
  const { rows, classNames } = await reader.read('path' in source ? await readBytes(source.path) : source.bytes, where);
  const columns = mapColumns({ task, given: options.columns, first: rows[0], where, setting: options.columnSetting });
  const examples = selectRows(rows, options, where).map(({ row, number }) =>
    parseRow({ row, number, task, columns, where }),
  );
  if (examples.length === 0) throw noExamples(where, { rows: rows.length, split: options.split });
  const names = classNames?.[columns.get(task.labelRole) ?? ''];
  return {
    name,
    task: task.name,
    where,
    examples,
    ...(names === undefined ? {} : { classNames: names }),
    domain: options.domain ?? 'in',
    ...(options.head === undefined ? {} : { head: options.head }),
  };
}

function noExamples(where: string, { rows, split }: { rows: number; split: string | undefined }): EvaluationError {
  const code = 'evaluate/no-examples';
  if (rows === 0 || split === undefined) {
    return new EvaluationError({ code, where, message: 'the dataset holds no examples' });
  }
  return new EvaluationError({
    code,
    where,
    message: `the split "${split}" selects none of the ${rows} examples of the file`,
    hint: 'rows are counted from 0, and the end is left out: [:100] are the first 100, [-100:] the last ones',
  });
}

async function readBytes(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw new EvaluationError({
      code: 'evaluate/no-file',
      where: path,
      message: 'the dataset file cannot be read',
      hint: 'relative paths start at the working directory',
      cause,
    });
  }
}

function findReader(registry: Registry, name: string | undefined, where: string): DatasetReader {
  if (name !== undefined) return registry.get('reader', name);
  const readers = registry.list('reader');
  const file = where.toLowerCase();
  const reader = readers.find(({ extensions }) => extensions.some((extension) => file.endsWith(extension)));
  if (reader !== undefined) return reader;
  throw new EvaluationError({
    code: 'evaluate/unknown-format',
    where,
    message: 'the ending of the file name names no known format',
    hint: `known: ${readers.flatMap(({ extensions }) => extensions).join(', ')}; or name a reader: ${registry
      .names('reader')
      .join(', ')}`,
  });
}

/** The column of each role; an optional role without its column is left out. */
function mapColumns(options: {
  task: Task;
  given: LoadDatasetOptions['columns'];
  first: Example | undefined;
  where: string;
  setting: LoadDatasetOptions['columnSetting'];
}): Map<string, string> {
  const { task, given = {}, first, where, setting = (role) => `${role}: <column>` } = options;
  const roles = Object.keys(task.columns);
  for (const role of Object.keys(given)) {
    if (roles.includes(role)) continue;
    throw new EvaluationError({
      code: 'evaluate/unknown-role',
      where,
      message: `${task.name} has no column "${role}"`,
      hint: didYouMean(role, roles),
    });
  }
  const columns = new Map<string, string>();
  for (const [role, usual] of Object.entries(task.columns)) {
    const column = given[role] ?? usual;
    const present = first === undefined || column in first;
    if (present) columns.set(role, column);
    else if (given[role] !== undefined || !task.optional.includes(role)) {
      throw new EvaluationError({
        code: 'evaluate/no-column',
        where,
        message: `there is no column "${column}" for ${role}`,
        hint: `columns: ${Object.keys(first).join(', ')}; name another with ${setting(role)}`,
      });
    }
  }
  return columns;
}

function parseRow(input: {
  row: Example;
  number: number;
  task: Task;
  columns: ReadonlyMap<string, string>;
  where: string;
}): TaskExample {
  const { row, number, task, columns, where } = input;
  try {
    return task.parse(Object.fromEntries([...columns].map(([role, column]) => [role, row[column]])));
  } catch (cause) {
    throw new EvaluationError({
      code: 'evaluate/bad-row',
      where,
      message: `row ${number + 1}: ${cause instanceof Error ? cause.message : String(cause)}`,
      cause,
    });
  }
}
