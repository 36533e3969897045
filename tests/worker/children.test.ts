import { readRun } from '@hubfuse/runs';
import { runWorker, workerLog } from '@hubfuse/worker';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { exampleRecipe } from '../runs/example-run.ts';
import { type ExampleHub, startExampleHub } from '../support/example-hub.ts';
import { waitingRun } from './worker-runs.ts';

let hub: ExampleHub;
beforeAll(async () => {
  hub = await startExampleHub();
});
afterAll(() => hub.close());

test('a child that gives the run back when the others have ended goes on with it when it is tried again', async () => {
  const { bench, runId } = await waitingRun(hub, 'given-back', exampleRecipe({ evaluate: false }));
  const attempt = async (options: { loseAt?: string; children?: { count: number; index: number } }) => {
    const lost = new AbortController();
    const events: unknown[] = [];
    const write = (text: string) => {
      const { event, phase } = JSON.parse(text) as { event: string; phase?: string };
      events.push(event);
      if (event === 'phase-started' && phase === options.loseAt) lost.abort();
    };
    const code = await runWorker({
      ...{ store: bench.store, runId, registry: bench.registry, hub: bench.hubOptions, workspace: bench.folder },
      ...{ workers: 1, leaseMs: 4_000, children: options.children, signal: lost.signal },
      log: workerLog({ write, fields: {} }),
      exitCodeOf: () => 1,
    });
    return { code, events };
  };
  // What comes before is shared, and comes out the same by one: it is done by one here, which is sooner.
  expect(await attempt({ loseAt: 'assemble' })).toMatchObject({
    code: 75,
    events: expect.arrayContaining(['worker-released']),
  });
  expect((await readRun({ store: bench.store, runId })).state.status).toBe('queued');
  expect(await attempt({ children: { count: 2, index: 1 } })).toMatchObject({
    code: 0,
    events: expect.arrayContaining(['worker-done']),
  });
  expect((await readRun({ store: bench.store, runId })).state.status).toBe('done');
});
