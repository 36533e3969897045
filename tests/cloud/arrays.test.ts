import { setTimeout as wait } from 'node:timers/promises';
import type { Launcher } from '@hubfuse/plugin';
import { createRun, readEvents, readRun } from '@hubfuse/runs';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { BatchDouble } from '../../packages/cloud/test/batch-double/server.ts';
import { environment } from '../environment.ts';
import { exampleRecipe } from '../runs/example-run.ts';
import { Bench } from '../runs/harness.ts';
import { type ExampleHub, startExampleHub } from '../support/example-hub.ts';
import { type S3Double, startOwnS3 } from '../support/s3-double.ts';
import { waitingRun } from '../worker/worker-runs.ts';
import { startBatchService } from './batch-service.ts';

const soak = environment.soak !== undefined;
const MINUTES = 15;

/** Runs that several workers share. `npm run soak` has the children that the issue names, and takes many machines away. */
const KINDS = [
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
const ROUNDS = KINDS.flatMap((kind) =>
  Array.from({ length: kind.rounds }, (_, round) => [kind.name, round, kind] as const),
);

let hub: ExampleHub;
let s3: S3Double;
let double: BatchDouble;
let launcher: Launcher;
beforeAll(async () => {
  hub = await startExampleHub();
  s3 = await startOwnS3();
  ({ double, launcher } = await startBatchService(hub, { graceMs: 20_000 }));
});
afterAll(async () => {
  await double.close();
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

test.each(ROUNDS)(
  'an array job comes to the bytes of one process and publishes once, whichever machines are taken away: %s (round %i)',
  async (name, round, { recipe, children }) => {
    const repo = `you/${name}-${round}`;
    const shared = `${recipe}compute: {children: ${children}}\npublish: {hub: {repo: ${repo}}}\n`;
    const reference = await alone(`alone-${name}-${round}`, shared);
    const location = s3.storeUrl('arrays', `${name}-${round}`);
    const { bench, runId: run } = await waitingRun(hub, `${name}-${round}`, shared, location);
    const { store, registry } = bench;
    const execution = { store, runId: run, registry, hub: bench.hubOptions, workspace: bench.folder };
    const { handle, ended } = await launcher.submit({ run, store, execution });
    expect(double.submissions.at(-1)?.arrayProperties).toEqual({ size: children });
    let isOver = false;
    const over = ended.finally(() => {
      isOver = true;
    });
    over.catch(() => undefined);
    const moments: string[] = [];
    for (let reclaims = soak ? children : 1; reclaims > 0 && !isOver; reclaims--) {
      const index = Math.floor(Math.random() * children);
      const id = `${handle}:${index}`;
      await Promise.race([over, vi.waitFor(() => expect(double.job(id).container).toBeDefined(), { timeout: 60_000 })]);
      const afterMs = Math.random() * (soak ? 6_000 : 3_000);
      // Without any time the process is killed in the middle of whatever it does.
      const graceMs = Math.random() < 0.5 ? 20_000 : 0;
      await Promise.race([over, wait(afterMs)]);
      double.reclaim(id, graceMs);
      moments.push(`child ${index} after ${afterMs.toFixed(0)} ms, with ${graceMs} ms`);
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
      const { event, child } = JSON.parse(line) as { event: string; child: number };
      if (event === 'task' || event === 'worker-done') helped.add(child);
    }
    expect(helped.size, told).toBeGreaterThan(1);
  },
  MINUTES * 60_000,
);
