import { fileURLToPath } from 'node:url';
import { registerCloudLaunchers } from '@hubfuse/cloud';
import { type Launcher, Registry } from '@hubfuse/plugin';
import { vi } from 'vitest';
import {
  type BatchDouble,
  type BatchDoubleOptions,
  type JobDefinition,
  startBatchDouble,
} from '../../packages/cloud/test/batch-double/server.ts';
import type { ExampleHub } from '../support/example-hub.ts';

const BIN = fileURLToPath(new URL('../../packages/cli/bin/hubfuse.js', import.meta.url));
const GIB = 2 ** 30;

/** The retries of the stack's job definitions, in their order. */
export const RETRIES: NonNullable<JobDefinition['retryStrategy']> = {
  attempts: 10,
  evaluateOnExit: [
    { onStatusReason: 'Host EC2*', action: 'RETRY' },
    { onReason: 'CannotPullContainerError:*', action: 'RETRY' },
    { onExitCode: '75', action: 'RETRY' },
    // SIGTERM before the worker listened to it.
    { onExitCode: '143', action: 'RETRY' },
    { onReason: '*', action: 'EXIT' },
  ],
};

/** Queues and definitions as the stack declares them, and a container that runs the checkout's command. */
export async function startBatchService(
  hub: ExampleHub,
  options: Partial<BatchDoubleOptions> = {},
): Promise<{ double: BatchDouble; launcher: Launcher; registry: Registry }> {
  const environment = {
    PATH: process.env.PATH ?? '',
    HOME: '/scratch',
    HF_HOME: '/scratch/huggingface',
    HUBFUSE_HOME: '/scratch/hubfuse',
    HF_ENDPOINT: hub.url,
    HF_TOKEN: 'hf_you',
    AWS_ACCESS_KEY_ID: process.env.AWS_ACCESS_KEY_ID ?? '',
    AWS_SECRET_ACCESS_KEY: process.env.AWS_SECRET_ACCESS_KEY ?? '',
  };
  const definition = { entrypoint: [process.execPath, BIN], retryStrategy: RETRIES };
  const double = await startBatchDouble({
    queues: [{ name: 'hubfuse-cpu' }, { name: 'hubfuse-gpu' }],
    definitions: [
      { ...definition, name: 'hubfuse-cpu' },
      { ...definition, name: 'hubfuse-gpu' },
    ],
    environment,
    ...options,
  });
  const machine = { vcpus: 8, memory: 30 * GIB, scratch: 200 * GIB };
  const gpu = { family: 'g6', count: 1, memory: 22 * GIB };
  const queues = [
    { name: 'hubfuse-cpu', jobDefinition: 'hubfuse-cpu', instanceTypes: ['m6id.xlarge'], ...machine },
    { name: 'hubfuse-gpu', jobDefinition: 'hubfuse-gpu', instanceTypes: ['g6.xlarge'], ...machine, gpu },
  ];
  vi.stubEnv('HUBFUSE_BATCH', JSON.stringify({ queues }));
  vi.stubEnv('AWS_REGION', 'us-east-1');
  vi.stubEnv('AWS_ENDPOINT_URL_BATCH', double.endpoint);
  vi.stubEnv('AWS_ENDPOINT_URL_CLOUDWATCH_LOGS', double.endpoint);
  const registry = new Registry();
  await registerCloudLaunchers(registry);
  return { double, launcher: registry.get('launcher', 'aws-batch'), registry };
}
