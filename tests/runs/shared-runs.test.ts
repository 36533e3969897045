import { join } from 'node:path';
import { listAll } from '@hubfuse/objects';
import { executeRun, helpRun, readRun } from '@hubfuse/runs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { environment } from '../environment.ts';
import { type ExampleHub, startExampleHub } from '../support/example-hub.ts';
import { exampleRecipe } from './example-run.ts';
import { Bench } from './harness.ts';

let hub: ExampleHub;
beforeAll(async () => {
  hub = await startExampleHub();
});
afterAll(() => hub.close());

/** One of several processes that execute a run, with a disk of its own. */
function child(bench: Bench, runId: string, index: number, count: number) {
  const disk = join(bench.folder, `child-${index}`);
  return {
    ...{ store: bench.store, runId, registry: bench.registry, workers: 1, leaseMs: 4_000 },
    hub: { ...bench.hubOptions, cacheDir: join(disk, 'cache') },
    workspace: join(disk, 'work'),
    children: { count, index },
  };
}

test('a merge that three share has the bytes of one, whoever of them is lost, and leaves nothing in the store', async () => {
  const recipe = exampleRecipe({ evaluate: false });
  const alone = await (await Bench.open(hub, 'alone')).run(recipe);

  const bench = await Bench.open(hub, 'shared');
  const runId = await bench.create(recipe);
  const done: string[][] = [[], [], []];
  const note = (index: number) => (task: { name: string; failure?: unknown }) => {
    expect(task.failure).toBeUndefined();
    done[index]?.push(task.name);
  };
  const lost = new AbortController();
  const helping = [1, 2].map((index) =>
    helpRun({ ...child(bench, runId, index, 3), onTask: note(index), release: index === 2 ? lost.signal : undefined }),
  );
  const losing = expect(helping[1]).rejects.toMatchObject({ code: 'run/released' });
  const leading = executeRun({
    ...child(bench, runId, 0, 3),
    onProgress: ({ phase }) => {
      if (phase === 'merge') lost.abort();
    },
  });
  const report = await leading;
  expect(['ended', 'needless']).toContain(await helping[0]);
  await losing;
  expect(report.files).toEqual(alone.files);
  expect(done[1]?.length).toBeGreaterThan(0);
  for await (const key of listAll(bench.store, `runs/${runId}/`)) expect(key).not.toMatch(/\/(tasks|parts)\//);
});

test.skipIf(environment.soak === undefined)(
  'where the leader is lost another child goes on with what stands',
  async () => {
    const recipe = exampleRecipe({ evaluate: false, method: 'ties', domains: ['money', 'home'] });
    const alone = await (await Bench.open(hub, 'alone-ties')).run(recipe);
    const bench = await Bench.open(hub, 'led');
    const runId = await bench.create(recipe);
    const taken = new AbortController();
    const helping = helpRun(child(bench, runId, 1, 2));
    const leading = executeRun({
      ...child(bench, runId, 0, 2),
      release: taken.signal,
      onProgress: ({ label }) => {
        if (label === 'writing') taken.abort();
      },
    });
    await expect(leading).rejects.toMatchObject({ code: 'run/released' });
    expect(await helping).toBe('free');
    const report = await executeRun(child(bench, runId, 1, 2));
    expect(report.files).toEqual(alone.files);
    expect((await readRun({ store: bench.store, runId })).state.attempts).toBe(2);
  },
);

test('a search that three share decides and ends as one process does, whoever of them is lost', async () => {
  const recipe = exampleRecipe({
    ...{ method: 'linear', domains: ['money', 'home', 'travel'], evaluate: 30, splits: ['dev'] },
    more: 'evolve: {generations: 2, update: synchronous}',
  }).replace(/^base_model:.*\n/m, '');
  const alone = await (await Bench.open(hub, 'search-alone')).run(recipe);

  const bench = await Bench.open(hub, 'search-shared');
  const runId = await bench.create(recipe);
  const lost = new AbortController();
  const helping = helpRun(child(bench, runId, 1, 3));
  const losing = helpRun({ ...child(bench, runId, 2, 3), onTask: () => lost.abort(), release: lost.signal }).catch(
    (error: unknown) => expect(error).toMatchObject({ code: 'run/released' }),
  );
  const report = await executeRun(child(bench, runId, 0, 3));
  expect(['ended', 'needless']).toContain(await helping);
  await losing;
  expect(report.files).toEqual(alone.files);
}, 180_000);
