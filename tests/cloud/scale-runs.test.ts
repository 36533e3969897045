import { readFileSync, rmSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { importFolder } from '@hubfuse/hub-server';
import type { Launcher } from '@hubfuse/plugin';
import { readEvents, readRun } from '@hubfuse/runs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { BatchDouble } from '../../packages/cloud/test/batch-double/server.ts';
import { noiseModels } from '../../scripts/bench/noise-model.mjs';
import { measuredOn } from '../../scripts/scale/measured-on.mjs';
import { environment } from '../environment.ts';
import { type ExampleHub, startExampleHub } from '../support/example-hub.ts';
import { type S3Double, startOwnS3 } from '../support/s3-double.ts';
import { waitingRun } from '../worker/worker-runs.ts';
import { startBatchService } from './batch-service.ts';

/** Bytes of a model of each size: a base and two others are merged. */
const SIZES = { small: 60e6, large: 300e6 };
const MODELS = 3;
const MOST_MS = 600_000;
/** What the model of docs/scale.md is fitted to, and in the end what it has to predict. */
const RUNS = [
  { name: 'few', size: 'small', children: 2 },
  { name: 'many', size: 'small', children: 3 },
  { name: 'fewLarge', size: 'large', children: 2 },
  { name: 'manyLarge', size: 'large', children: 3 },
  { name: 'predicted', size: 'large', children: 4 },
] as const;

/** Merges shared by real processes over the Batch double, timed: a part of `npm run simulate:scale`, and of no other run. */
const timed = test.skipIf(environment.scale === undefined);

let hub: ExampleHub;
let s3: S3Double;
let double: BatchDouble;
let launcher: Launcher;
beforeAll(async () => {
  if (environment.scale === undefined) return;
  hub = await startExampleHub();
  s3 = await startOwnS3();
  ({ double, launcher } = await startBatchService(hub));
  for (const [size, bytes] of Object.entries(SIZES)) {
    const root = join(hub.work, `noise-${size}`);
    for (const [index, folder] of noiseModels({ root, bytes, count: MODELS }).entries()) {
      await writeFile(
        join(folder, 'config.json'),
        JSON.stringify({ model_type: 'llama', architectures: ['LlamaForCausalLM'] }),
      );
      await importFolder({ root: hub.folder, repo: `noise/${size}-${index}`, folder });
    }
    rmSync(root, { recursive: true, force: true });
  }
}, MOST_MS);
afterAll(async () => {
  if (environment.scale === undefined) return;
  await double.close();
  await s3.close();
  await hub.close();
});

/** Of this process, where the servers are, and of all workers that have ended. */
function processorSeconds(): number {
  const [, after = ''] = readFileSync('/proc/self/stat', 'utf8').split(') ');
  const fields = after.split(' ').map(Number);
  // utime, stime, cutime, cstime, in ticks of a hundredth of a second (proc(5)).
  return fields.slice(11, 15).reduce((sum, ticks) => sum + ticks, 0) / 100;
}

async function standing(): Promise<{ runs: object }> {
  const found = await readFile(environment.scale ?? '', 'utf8').catch(() => '{"runs": {}}');
  return JSON.parse(found) as { runs: object };
}

timed.each(RUNS)(
  'a merge of $size models over $children children is timed',
  async ({ name, size, children }) => {
    // What an earlier call timed on this machine, of this code, stands.
    if (name in (await standing()).runs) return;
    const recipe = [
      'merge_method: pcb',
      `base_model: noise/${size}-0`,
      `models: [noise/${size}-1, noise/${size}-2]`,
      'parameters: {ratio: 0.1}',
      `compute: {children: ${children}}`,
      '',
    ].join('\n');
    const { bench, runId: run } = await waitingRun(hub, `scale-${name}`, recipe, s3.storeUrl('scale', name));
    const { store, registry } = bench;
    const execution = { store, runId: run, registry, hub: bench.hubOptions, workspace: bench.folder };
    const before = processorSeconds();
    const begun = Date.now();
    const { ended } = await launcher.submit({ run, store, execution });
    expect(double.submissions.at(-1)?.arrayProperties).toEqual({ size: children });
    await ended;
    expect((await readRun({ store, runId: run })).state.status).toBe('done');
    // Whoever waits for a job looks at it every 15 s at last; the run itself says when it was done.
    let done = 0;
    for await (const { type, time } of readEvents({ store, runId: run })) if (type === 'done') done = Date.parse(time);
    const seconds = (done - begun) / 1000;
    const file = environment.scale ?? '';
    const { runs } = await standing();
    const used = processorSeconds() - before;
    const measured = {
      processorSeconds: used,
      children,
      gb: (MODELS * SIZES[size]) / 1e9,
      seconds,
      load: loadavg()[0],
    };
    const date = new Date().toISOString().slice(0, 10);
    await writeFile(file, JSON.stringify({ on: measuredOn(), date, runs: { ...runs, [name]: measured } }));
  },
  MOST_MS,
);
