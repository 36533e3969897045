import type { ChildProcess } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createRun } from '@hubfuse/runs';
import { Bench } from '../runs/harness.ts';
import type { ExampleHub } from '../support/example-hub.ts';
import { type HubfuseResult, hubfuse } from '../support/hubfuse.ts';

/** A run in a store of its own, with no folder for its output: what somebody asked a service for. */
export async function waitingRun(
  hub: ExampleHub,
  name: string,
  recipe: string,
  location?: string,
): Promise<{ bench: Bench; runId: string }> {
  const bench = await Bench.open(hub, name, location);
  const { id } = await createRun({
    store: bench.store,
    recipe: bench.parse(recipe),
    options: { hubUrl: hub.url, workingDirectory: bench.folder },
  });
  return { bench, runId: id };
}

/** Executes a run by the command, as a machine that has a disk of its own. */
export async function work(options: {
  bench: Bench;
  runId: string;
  /** Name of the machine; workers of one name share a disk. */
  machine?: string;
  more?: readonly string[];
  variables?: Record<string, string>;
  /** Told of every line of the log. */
  onLine?: (line: Record<string, unknown>, child: ChildProcess) => void;
}): Promise<HubfuseResult> {
  const { bench, runId, machine = 'one', more = [], onLine } = options;
  const disk = join(bench.folder, machine);
  await mkdir(disk, { recursive: true });
  return await hubfuse(['worker', '--run', runId, '--store', bench.store.url, '--workers', '1', ...more], {
    directory: disk,
    variables: {
      HF_ENDPOINT: bench.hub.url,
      HF_HOME: join(disk, 'huggingface'),
      HF_TOKEN: 'hf_you',
      HUBFUSE_HOME: join(disk, 'home'),
      ...options.variables,
    },
    onStart: (child) => {
      let rest = '';
      child.stdout?.on('data', (text: string) => {
        const lines = (rest + text).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) onLine?.(JSON.parse(line), child);
      });
    },
  });
}
