import { registerCloudLaunchers } from '@hubfuse/cloud';
import { openStore } from '@hubfuse/objects';
import type { Job } from '@hubfuse/plugin';
import { type ExecutionOptions, readRun } from '@hubfuse/runs';
import { vi } from 'vitest';
import { type LauncherBench, launcherContract } from '../../packages/runs/test/launcher-contract.ts';
import { exampleRecipe } from '../runs/example-run.ts';
import { Bench, fullRegistry } from '../runs/harness.ts';
import { type ExampleHub, startExampleHub } from '../support/example-hub.ts';
import { startOwnS3 } from '../support/s3-double.ts';
import { startBatchService } from './batch-service.ts';
import { startJobsService } from './jobs-service.ts';

const SLOW = [{ kind: 'slow' as const, path: 'safetensors', delayMs: 20, bytesPerSecond: 100_000, times: 10_000 }];

async function openBench(
  name: string,
  start: (hub: ExampleHub) => Promise<{ close(): Promise<void> }>,
): Promise<LauncherBench> {
  const hub = await startExampleHub();
  const s3 = await startOwnS3();
  const service = await start(hub);
  const bench = await Bench.open(hub, name, s3.storeUrl('contract', name));
  await registerCloudLaunchers(bench.registry);
  const quick = exampleRecipe({ method: 'task_arithmetic', domains: ['money', 'home'], evaluate: false });
  let made = 0;
  return {
    launcher: bench.registry.get('launcher', name),
    async waiting(kind): Promise<Job> {
      const recipe = kind === 'broken' ? quick.replace('intents-home', 'no-such-model') : quick;
      hub.setFaults(kind === 'slow' ? SLOW : []);
      const run = await bench.create(`${recipe}# ${made++}\n`);
      const execution: ExecutionOptions = {
        ...{ store: bench.store, runId: run, registry: bench.registry },
        hub: bench.hubOptions,
        workspace: bench.folder,
      };
      return { run, store: bench.store, execution };
    },
    hurry: () => hub.setFaults([]),
    statusOf: async ({ run }) => (await readRun({ store: bench.store, runId: run })).state.status,
    reopen: async ({ store }) => await openStore(store.url, await fullRegistry()),
    async close() {
      await service.close();
      await s3.close();
      await hub.close();
    },
  };
}

launcherContract('aws-batch', () => openBench('aws-batch', async (hub) => (await startBatchService(hub)).double));

launcherContract('hf-jobs', () =>
  openBench('hf-jobs', async () => {
    const double = await startJobsService({
      hardware: [{ name: 'cpu-basic', cpu: '2 vCPU', ram: '16 GB', accelerator: null, unitCostUSD: 0.01 }],
    });
    vi.stubEnv('HF_TOKEN', 'hf_you');
    const configuration = { namespace: 'you', image: 'example.com/worker:1', endpoint: double.url };
    vi.stubEnv('HUBFUSE_JOBS', JSON.stringify(configuration));
    return double;
  }),
);
