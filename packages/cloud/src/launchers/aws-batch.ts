import type { JobDetail } from '@aws-sdk/client-batch';
import type { Job, JobDescription, Launcher, SubmittedJob } from '@hubfuse/plugin';
import { cancelRun, type RunPlan, readRun } from '@hubfuse/runs';
import { type BatchAccess, openBatch } from '../batch/batch-access.ts';
import { parseBatchConfiguration } from '../batch/configuration.ts';
import { placeRun } from '../batch/place-run.ts';
import { readCloudEnvironment } from '../environment.ts';
import { lazily } from '../lazily.ts';
import { endedBefore, endOfRun, requireDone } from '../outcome-of-run.ts';
import { placeOrRefuse } from '../place-or-refuse.ts';
import { planOfJob } from '../plan-of-job.ts';
import { refuseTooDear } from '../refuse-too-dear.ts';
import { timeOfRun } from '../time-of-run.ts';
import { untilEnded } from '../until-ended.ts';

const MEBIBYTE = 1 << 20;
const LONGEST_NAME = 128;

let access: Promise<BatchAccess> | undefined;
const batch = (): Promise<BatchAccess> => {
  access ??= openBatch();
  return access;
};

/**
 * A container of AWS Batch, or an array of them that execute a run together, on the queue, of those that `HUBFUSE_BATCH` declares, whose machines the plan fits on. A job is
 * given the run's id and the store's address, never the recipe: Batch refuses payloads above 30 KiB.
 */
const awsBatch: Launcher = {
  kind: 'launcher',
  name: 'aws-batch',
  description: 'in a container of AWS Batch',

  async submit(job: Job) {
    const { run, store } = job;
    // A run that has ended needs no machine to find that out.
    if ((await endOfRun(store, run)) !== undefined) return endedBefore({ run, store });
    const { queues } = parseBatchConfiguration(readCloudEnvironment().batch);
    const plan = await planOfJob(job);
    const { spec, state } = await readRun({ store, runId: run });
    const { seconds } = state.limits ?? spec.limits;
    const placed = await placeOrRefuse(job, () => placeRun({ queues, plan, seconds }));
    if (placed === undefined) return endedBefore({ run, store });
    const { queue, children, needed, tariff } = placed;
    if (await refuseTooDear(job, plan, tariff)) return endedBefore({ run, store });
    const gpus = queue.gpu === undefined ? 0 : needed.gpus;
    const handle = await (await batch()).submit({
      jobName: jobName(run),
      jobQueue: queue.name,
      jobDefinition: queue.jobDefinition,
      ...(children === 1 ? {} : { arraySize: children }),
      command: [
        ...['worker', '--run', run, '--store', store.url, '--tariff', JSON.stringify(tariff)],
        ...(children === 1 ? [] : ['--children', String(children)]),
      ],
      timeoutSeconds: await timeOfRun(store, run, { tariff, plan }),
      resources: [
        { type: 'VCPU', value: String(needed.vcpus) },
        { type: 'MEMORY', value: String(Math.ceil(needed.memory / MEBIBYTE)) },
        ...(gpus === 0 ? [] : [{ type: 'GPU' as const, value: String(gpus) }]),
      ],
      tags: { 'hubfuse-run': run },
    });
    return { handle, ended: lazily(() => waitForEnd({ run, store, handle })) };
  },

  async tariffOf(plan) {
    const { queues } = parseBatchConfiguration(readCloudEnvironment().batch);
    const planned = plan as RunPlan;
    return placeRun({ queues, plan: planned, seconds: planned.recipe.limits?.seconds }).tariff;
  },

  async describe({ run, store, handle }: SubmittedJob) {
    const end = await endOfRun(store, run);
    if (end !== undefined) return end;
    const detail = await (await batch()).describe(handle);
    return { ...describeDetail(detail), ...consoleUrl(handle) };
  },

  async cancel({ run, store, handle }: SubmittedJob) {
    await cancelRun({ store, runId: run });
    // What runs reads the store and ends in good order; a job that waits for a machine would get one for nothing.
    const service = await batch();
    if ((await service.describe(handle)) !== undefined) await service.cancel(handle, 'cancelled by a user of hubfuse');
  },

  async *logs({ handle }: SubmittedJob) {
    const { logGroup } = parseBatchConfiguration(readCloudEnvironment().batch);
    const service = await batch();
    const job = await service.describe(handle);
    const size = job?.arrayProperties?.size ?? 0;
    const ids = size === 0 ? [handle] : Array.from({ length: size }, (_, index) => `${handle}:${index}`);
    for (const id of ids) {
      const detail = size === 0 ? job : await service.describe(id);
      const containers = [...(detail?.attempts ?? []).map(({ container }) => container), detail?.container];
      const streams = containers.flatMap((container) => container?.logStreamName ?? []);
      for (const stream of new Set(streams)) yield* service.lines(logGroup, stream);
    }
  },
};

function jobName(run: string): string {
  return `hubfuse-${run.replace(/[^A-Za-z0-9_-]/g, '-')}`.slice(0, LONGEST_NAME);
}

function describeDetail(detail: JobDetail | undefined): JobDescription {
  switch (detail?.status) {
    case undefined:
      return { status: 'failed', reason: 'AWS Batch knows the job no more; start the run again to continue' };
    case 'RUNNING':
      return { status: 'running' };
    case 'FAILED':
      return { status: 'failed', reason: reasonOf(detail) };
    case 'SUCCEEDED':
      // Another worker had the run, and this job left it alone.
      return { status: 'failed', reason: 'the job has ended, and the run is not done; start it again to continue' };
    default:
      return { status: hasRunningChild(detail) ? 'running' : 'pending' };
  }
}

/** An array is pending for as long as any of its children is. */
function hasRunningChild(detail: JobDetail | undefined): boolean {
  const { RUNNING = 0, SUCCEEDED = 0 } = detail?.arrayProperties?.statusSummary ?? {};
  return RUNNING + SUCCEEDED > 0;
}

function reasonOf({ statusReason, container }: JobDetail): string {
  const code = container?.exitCode;
  return [statusReason ?? 'no reason given', ...(code === undefined ? [] : [`exit code ${code}`])].join(', ');
}

async function waitForEnd({ run, store, handle }: SubmittedJob): Promise<void> {
  const reason = await untilEnded(async () => {
    const detail = await (await batch()).describe(handle);
    if (detail === undefined) return 'AWS Batch knows it no more';
    return detail.status === 'SUCCEEDED' || detail.status === 'FAILED' ? reasonOf(detail) : undefined;
  });
  await requireDone({ store, runId: run, job: handle, reason });
}

function consoleUrl(handle: string): { url?: string } {
  const { region } = readCloudEnvironment();
  if (region === undefined) return {};
  return { url: `https://${region}.console.aws.amazon.com/batch/home?region=${region}#jobs/detail/${handle}` };
}

export default awsBatch;
