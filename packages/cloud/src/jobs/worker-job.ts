import type { HubOptions } from '@hubfuse/hub';
import { type ObjectStore, RunError, type Tariff } from '@hubfuse/plugin';
import { readCloudEnvironment } from '../environment.ts';
import type { JobsConfiguration } from './configuration.ts';
import type { JobRequest } from './jobs-access.ts';

/** What a worker's image holds; Jobs run a command and no entry point. */
export const WORKER = ['/usr/local/bin/node', '/opt/hubfuse/node_modules/hubfuse/bin/hubfuse.js', 'worker'];
/** A machine that goes away is followed by another. */
const ATTEMPTS = 5;

/** A job that runs the worker on a store. Its token and the store's keys go as secrets. */
export function workerJob(options: {
  configuration: JobsConfiguration;
  store: ObjectStore;
  hub: Pick<HubOptions, 'hubUrl' | 'token'> | undefined;
  /** Of the machine that was chosen, whose name is the flavor. */
  tariff: Tariff;
  /** Whether it scores on a GPU, which takes the image that can. */
  onGpu: boolean;
  /** Seconds after which the Hub may end it, where that is less than the configuration allows. */
  timeoutSeconds?: number | undefined;
  /** What the worker does, without the store. */
  arguments: readonly string[];
  labels: Record<string, string>;
}): JobRequest {
  const { configuration, store, hub, tariff, onGpu, labels, timeoutSeconds = configuration.timeoutSeconds } = options;
  const { storeCredentials } = readCloudEnvironment();
  return {
    dockerImage: onGpu ? (configuration.gpuImage ?? configuration.image) : configuration.image,
    command: [...WORKER, ...options.arguments, '--store', store.url, '--tariff', JSON.stringify(tariff)],
    environment: {
      HOME: '/tmp',
      HF_HOME: '/tmp/huggingface',
      HUBFUSE_HOME: '/tmp/hubfuse',
      ...(hub?.hubUrl === undefined ? {} : { HF_ENDPOINT: hub.hubUrl }),
    },
    secrets: { ...storeCredentials, ...(hub?.token === undefined ? {} : { HF_TOKEN: hub.token }) },
    flavor: tariff.machine.name,
    timeoutSeconds: Math.min(timeoutSeconds, configuration.timeoutSeconds),
    attempts: ATTEMPTS,
    labels,
  };
}

/** @throws RunError `launcher/local-store` for a store that no job reaches */
export function requireReachable({ url }: ObjectStore): void {
  if (url.startsWith('s3:')) return;
  throw new RunError({
    code: 'launcher/local-store',
    message: `a job of Hugging Face Jobs cannot reach ${url}`,
    hint: 'keep the store in S3, or in a Storage Bucket of the Hub through its S3 gateway',
  });
}
