import { type ChildProcess, spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { RunEvent, RunReport, StoredError } from '@hubfuse/runs';
import type { ExampleHub } from '../support/example-hub.ts';

const SCRIPT = fileURLToPath(new URL('run-process.mjs', import.meta.url));

/** What a process that executed a run has said. */
export interface RunOutcome {
  events: RunEvent[];
  report?: RunReport;
  error?: StoredError;
  /** Signal that ended it. */
  signal: NodeJS.Signals | null;
}

/** Executes a recipe over the example Hub in a process of its own; the same name finds the same run and folders. */
export async function executeExample(options: {
  hub: ExampleHub;
  name: string;
  recipe: string;
  /** Default 2. */
  workers?: number;
  /** Told about the process and every event as it comes. */
  onStart?: (child: ChildProcess) => void;
  onEvent?: (event: RunEvent, child: ChildProcess) => void;
  /** Milliseconds without a sign of life after which another process may take the run over. */
  leaseMs?: number;
}): Promise<RunOutcome> {
  const { hub, name, recipe, workers = 2, onStart, onEvent, leaseMs } = options;
  const file = join(hub.work, `${name}.yaml`);
  await writeFile(file, recipe);
  const argument = {
    store: join(hub.work, name, 'store'),
    workspace: join(hub.work, name, 'work'),
    cacheDir: join(hub.work, name, 'cache'),
    hubUrl: hub.url,
    recipe: file,
    directory: hub.work,
    workers,
    out: outOf(hub, name),
    leaseMs,
  };
  const child = spawn(process.execPath, [SCRIPT, JSON.stringify(argument)], { stdio: ['ignore', 'pipe', 'inherit'] });
  onStart?.(child);
  const outcome: RunOutcome = { events: [], signal: null };
  let rest = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const value = JSON.parse(line) as RunEvent | { report: RunReport } | { error: StoredError };
      if ('report' in value) outcome.report = value.report;
      else if ('number' in value) {
        outcome.events.push(value);
        onEvent?.(value, child);
      } else outcome.error = value.error;
    }
  });
  await new Promise<void>((resolve) => {
    child.on('close', (_code, signal) => {
      outcome.signal = signal;
      resolve();
    });
  });
  return outcome;
}

/** Where the merged model of `executeExample` appears. */
export function outOf(hub: ExampleHub, name: string): string {
  return join(hub.work, name, 'merged');
}

/** A recipe over the example's specialists. */
export function exampleRecipe(
  options: {
    method?: string;
    /** Default: all four. */
    domains?: readonly ('money' | 'home' | 'travel' | 'office')[];
    /** Examples of each dataset that are scored; `false`: nothing is scored. Default 20. */
    evaluate?: number | false;
    splits?: readonly ('dev' | 'test')[];
    /** Further lines: `parameters`, `publish`, ... */
    publish?: string;
    more?: string;
  } = {},
): string {
  const { method = 'pcb', evaluate = 20, splits = ['dev', 'test'], more = '', publish = '' } = options;
  const { domains = ['money', 'home', 'travel', 'office'] } = options;
  const files = (domain: string) => splits.map((split) => `${split}: ${domain}/${split}.jsonl`).join(', ');
  const datasets = domains.map((name) => `    - {name: ${name}, from: hubfuse-examples/clinc150, ${files(name)}}`);
  const scoring = ['evaluate:', '  task: text-classification', `  limit: ${evaluate}`, '  datasets:', ...datasets];
  return [
    'name: example',
    `merge_method: ${method}`,
    'base_model: hubfuse-examples/intents-base',
    'models:',
    ...domains.map((domain) => `  - hubfuse-examples/intents-${domain}`),
    more,
    ...(evaluate === false ? [] : scoring),
    publish,
    '',
  ].join('\n');
}
