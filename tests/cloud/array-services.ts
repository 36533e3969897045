import { registerCloudLaunchers } from '@hubfuse/cloud';
import { type Launcher, Registry } from '@hubfuse/plugin';
import { vi } from 'vitest';
import type { ExampleHub } from '../support/example-hub.ts';
import { startBatchService } from './batch-service.ts';
import { startJobsService } from './jobs-service.ts';

const GRACE_MS = 20_000;

/** A double whose launcher executes runs by several workers, as far as tests that take their machines away need it. */
export interface ArrayService {
  launcher: Launcher;
  /** Workers that the run of this handle was given. */
  childrenOf(handle: string): number;
  isRunning(handle: string, child: number): boolean;
  /** Takes the machine of a child away, in a way that chance decides. @returns how */
  takeAway(handle: string, child: number): string;
  close(): Promise<void>;
}

export async function batchArrays(hub: ExampleHub): Promise<ArrayService> {
  const { double, launcher } = await startBatchService(hub, { graceMs: GRACE_MS });
  const jobOf = (handle: string, child: number) => {
    const whole = double.job(handle);
    return whole.children.length === 0 ? whole : double.job(`${handle}:${child}`);
  };
  return {
    launcher,
    childrenOf: (handle) => Math.max(1, double.job(handle).children.length),
    isRunning: (handle, child) => jobOf(handle, child).container !== undefined,
    takeAway(handle, child) {
      // Without any time the process is killed in the middle of whatever it does.
      const graceMs = Math.random() < 0.5 ? GRACE_MS : 0;
      double.reclaim(jobOf(handle, child).id, graceMs);
      return `with ${graceMs} ms`;
    },
    close: () => double.close(),
  };
}

export async function jobsArrays(): Promise<ArrayService> {
  const double = await startJobsService({
    graceMs: GRACE_MS,
    hardware: [{ name: 'cpu-xl', cpu: '16 vCPU', ram: '124 GB', accelerator: null, unitCostUSD: 1, unitLabel: 'hour' }],
  });
  vi.stubEnv('HF_TOKEN', 'hf_you');
  const configuration = { namespace: 'you', image: 'example.com/worker:1', endpoint: double.url };
  vi.stubEnv('HUBFUSE_JOBS', JSON.stringify(configuration));
  const registry = new Registry();
  await registerCloudLaunchers(registry);
  const jobsOf = (handle: string) => double.jobs.filter(({ body }) => body.labels?.['hubfuse-array'] === handle);
  const running = (handle: string, child: number) =>
    jobsOf(handle).find(
      ({ body, container }) => body.labels?.['hubfuse-child'] === String(child) && container !== undefined,
    );
  return {
    launcher: registry.get('launcher', 'hf-jobs'),
    childrenOf: (handle) => jobsOf(handle).length,
    isRunning: (handle, child) => running(handle, child) !== undefined,
    takeAway(handle, child) {
      const id = running(handle, child)?.id ?? '';
      // The Hub starts the first two again as the same job; the last is over, and the launcher starts another one.
      const [how, take] = [
        ['with time', double.reclaim] as const,
        ['without time', double.lose] as const,
        ['for good', double.giveUp] as const,
      ][Math.floor(Math.random() * 3)] ?? ['never', () => undefined];
      take(id);
      return how;
    },
    close: () => double.close(),
  };
}
