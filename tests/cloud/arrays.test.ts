import { setTimeout as wait } from 'node:timers/promises';
import { createRun, readEvents, readRun } from '@hubfuse/runs';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { environment } from '../environment.ts';
import { exampleRecipe } from '../runs/example-run.ts';
import { Bench } from '../runs/harness.ts';
import { type ExampleHub, startExampleHub } from '../support/example-hub.ts';
import { type S3Double, startOwnS3 } from '../support/s3-double.ts';
import { waitingRun } from '../worker/worker-runs.ts';
import { type ArrayService, batchArrays, jobsArrays } from './array-services.ts';

const soak = environment.soak !== undefined;
const MINUTES = 15;

/**
 * Runs by the launchers: of one worker, and of several. `npm run soak` has 4 children for a merge and 8 for a search, and takes many
 * machines away; `npm test` has a merge shared by two on each.
 */
const KINDS = [
  {
    ...{ name: 'pcb', children: 1, rounds: soak ? 6 : 0 },
    recipe: exampleRecipe({ evaluate: false }),
  },
  {
    ...{ name: 'merge', children: soak ? 4 : 2, rounds: soak ? 6 : 1 },
    recipe: exampleRecipe({ evaluate: false }),
  },
  {
    ...{ name: 'search', children: 8, rounds: soak ? 3 : 0 },
    recipe: exampleRecipe({
      ...{ method: 'linear', evaluate: 30, splits: ['dev'] },
      more: 'evolve: {generations: 3, update: synchronous}',
    }).replace(/^base_model:.*\n/m, ''),
  },
];
const LAUNCHERS = ['aws-batch', 'hf-jobs'] as const;
const ROUNDS = LAUNCHERS.flatMap((launcher) =>
  KINDS.flatMap((kind) =>
    Array.from({ length: kind.rounds }, (_, round) => [kind.name, launcher, round, kind] as const),
  ),
);

let hub: ExampleHub;
let s3: S3Double;
let services: Record<(typeof LAUNCHERS)[number], ArrayService>;
beforeAll(async () => {
  hub = await startExampleHub();
  s3 = await startOwnS3();
  services = { 'aws-batch': await batchArrays(hub), 'hf-jobs': await jobsArrays() };
});
afterAll(async () => {
  for (const service of Object.values(services)) await service.close();
  await s3.close();
  await hub.close();
});

/** Files that hold what was merged and decided; a card says where it was published. */
const shown = (files: readonly { path: string; sha256: string }[] = []) =>
  files.filter(({ path }) => /^(?:model.*\.safetensors|config\.json|search\.json)$/.test(path));

/** What one process makes of the recipe. Decisions name the recipe by its text, so it is the same, and publishes nothing. */
async function alone(name: string, recipe: string): Promise<unknown> {
  const bench = await Bench.open(hub, name);
  const { id } = await createRun({
    store: bench.store,
    recipe: bench.parse(recipe),
    options: { out: bench.out, hubUrl: hub.url, workingDirectory: bench.folder, publish: false },
  });
  return shown((await bench.execute(id)).files);
}

async function publicationsOf(repo: string): Promise<number> {
  const response = await fetch(`${hub.url}/api/models/${repo}/commits/main`);
  const commits = (await response.json()) as { title: string }[];
  return commits.filter(({ title }) => title.startsWith('Merge example')).length;
}

// The few of `npm test` wait for most of their time.
(soak ? test : test.concurrent).each(ROUNDS)(
  'workers come to the bytes of one process and publish once, whichever machines are taken away: %s by %s (round %i)',
  async (kind, by, round, { recipe, children }) => {
    const service = services[by];
    const { launcher } = service;
    const name = `${kind}-${by}-${round}`;
    const repo = `you/${name}`;
    const several = children === 1 ? '' : `compute: {children: ${children}}\n`;
    const shared = `${recipe}${several}publish: {hub: {repo: ${repo}}}\n`;
    const reference = await alone(`alone-${name}`, shared);
    const { bench, runId: run } = await waitingRun(hub, name, shared, s3.storeUrl('arrays', name));
    const { store, registry } = bench;
    const execution = { store, runId: run, registry, hub: bench.hubOptions, workspace: bench.folder };
    const { handle, ended } = await launcher.submit({ run, store, execution });
    expect(service.childrenOf(handle)).toBe(children);
    let isOver = false;
    const over = ended.finally(() => {
      isOver = true;
    });
    over.catch(() => undefined);
    const moments: string[] = [];
    for (let losses = soak ? Math.max(2, children) : 1; losses > 0 && !isOver; losses--) {
      const child = Math.floor(Math.random() * children);
      const there = () => expect(service.isRunning(handle, child)).toBe(true);
      // A child that has ended well does not come again.
      await Promise.race([over, vi.waitFor(there, { timeout: 60_000 }).catch(() => undefined)]);
      const afterMs = Math.random() * (soak ? 6_000 : 3_000);
      await Promise.race([over, wait(afterMs)]);
      const how = service.takeAway(handle, child);
      moments.push(`child ${child} after ${afterMs.toFixed(0)} ms, ${how}`);
    }
    await over;
    const told = moments.join('; ');
    const { report, state } = await readRun({ store, runId: run });
    expect(state.status, told).toBe('done');
    // Estimates and money are of all machines, and whoever goes on alone after a loss is counted as one.
    expect(report?.cost?.estimatedUsd?.expected, told).toBeGreaterThan(0);
    expect(shown(report?.files), told).toEqual(reference);
    expect(await publicationsOf(repo), told).toBe(1);
    for await (const event of readEvents({ store, runId: run })) expect(event.type, told).not.toBe('failed');
    // Whoever helped did so: nobody sat by while one did everything.
    const helped = new Set<unknown>();
    for await (const line of launcher.logs({ handle, run, store })) {
      const { event, child } = JSON.parse(line) as { event: string; child?: number };
      if (event === 'task' || event === 'worker-done') helped.add(child ?? 0);
    }
    expect(helped.size, told).toBeGreaterThan(children === 1 ? 0 : 1);
  },
  MINUTES * 60_000,
);
