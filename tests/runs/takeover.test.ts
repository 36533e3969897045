import { type ChildProcess, spawnSync } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { listAll, openStore } from '@hubfuse/objects';
import { type PhaseName, type RunReport, readRun } from '@hubfuse/runs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { environment } from '../environment.ts';
import { type ExampleHub, startExampleHub } from '../support/example-hub.ts';
import { exampleRecipe, executeExample, outOf } from './example-run.ts';
import { fullRegistry } from './harness.ts';

/** Rounds of each kind. `npm run soak` sets HUBFUSE_KILLS; `npm test` runs a slice. */
const ROUNDS = environment.kills ?? 1;
const LEASE_MS = 2_000;

let hub: ExampleHub;
let reference: RunReport;
beforeAll(async () => {
  hub = await startExampleHub();
  const { report, error } = await executeExample({ hub, name: 'reference', recipe: recipeTo('you/reference') });
  if (report === undefined) throw new Error(`the run failed: ${JSON.stringify(error)}`);
  reference = report;
});
afterAll(() => hub.close());

function recipeTo(repo: string): string {
  const evaluate = { evaluate: 8, splits: ['dev'] as const, domains: ['money', 'home'] as const };
  return exampleRecipe({ ...evaluate, publish: `publish:\n  hub: {repo: ${repo}}` });
}

/** Whether a process stands still, as /proc says it. */
async function isStopped({ pid }: ChildProcess): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => '');
  return stat.charAt(stat.lastIndexOf(')') + 2) === 'T';
}

/** Every object of a store, with its bytes. */
async function contentOf(name: string): Promise<Map<string, string>> {
  const store = await openStore(join(hub.work, name, 'store'), await fullRegistry());
  const content = new Map<string, string>();
  for await (const key of listAll(store, '')) content.set(key, (await store.get(key))?.etag ?? '');
  return content;
}

async function commitsOf(repo: string): Promise<string[]> {
  const response = await fetch(`${hub.url}/api/models/${repo}/commits/main`);
  if (!response.ok) return [];
  return ((await response.json()) as { id: string; title: string }[]).map(({ id, title }) => `${id} ${title}`);
}

/** Where the world sees it; `npm run soak` takes the phases before as well. */
const PHASES =
  environment.kills !== undefined ? (['merge', 'evaluate', 'assemble', 'publish'] as const) : (['publish'] as const);
const moments = PHASES.flatMap((phase) => Array.from({ length: ROUNDS }, (_, round) => [phase, round] as const));

test.skipIf(process.platform !== 'linux').each(moments)(
  'a worker that stands still in %s while another finishes its run writes nothing more (round %i)',
  async (phase: PhaseName, round) => {
    const name = `stopped-${phase}-${round}`;
    const repo = `you/${name}`;
    const recipe = recipeTo(repo);
    const withinMs = round === 0 ? 0 : Math.random() * 400;
    let stopped: ChildProcess | undefined;
    const first = executeExample({
      hub,
      name,
      recipe,
      leaseMs: LEASE_MS,
      onEvent: (event, child) => {
        if (event.type !== 'phase-started' || event.phase !== phase) return;
        setTimeout(() => {
          if (child.kill('SIGSTOP')) stopped = child;
        }, withinMs);
      },
    });
    try {
      await expect.poll(() => stopped !== undefined && isStopped(stopped), { timeout: 60_000 }).toBe(true);
      await wait(LEASE_MS + 200);
      const second = await executeExample({ hub, name, recipe, leaseMs: LEASE_MS });
      expect(second.error, `stopped after ${withinMs} ms`).toBeUndefined();
      const [objects, commits] = [await contentOf(name), await commitsOf(repo)];
      stopped?.kill('SIGCONT');
      const outcome = await first;
      expect(await contentOf(name)).toEqual(objects);
      expect(await commitsOf(repo)).toEqual(commits);
      expect(commits.filter((commit) => commit.includes('Merge example'))).toHaveLength(1);
      expect(outcome.report).toBeUndefined();
      expect(outcome.error?.code).toBe('run/taken-over');
      expect(second.report?.files).toEqual(reference.files);
      expect(await readdir(join(outOf(hub, name), '..'))).not.toContainEqual(expect.stringMatching(/^\.merged/));
      expect(sha256(join(outOf(hub, name), 'model.safetensors'))).toBe(weightsOf(reference));
      const store = await openStore(join(hub.work, name, 'store'), await fullRegistry());
      const { state } = await readRun({ store, runId: second.report?.run ?? '' });
      expect(state).toMatchObject({ status: 'done', attempts: 2 });
    } finally {
      stopped?.kill('SIGCONT');
      stopped?.kill('SIGKILL');
    }
  },
  120_000,
);

function weightsOf({ files }: RunReport): string | undefined {
  return files.find(({ path }) => path === 'model.safetensors')?.sha256;
}

function sha256(path: string): string | undefined {
  return spawnSync('sha256sum', [path], { encoding: 'utf8' }).stdout.split(' ')[0];
}
