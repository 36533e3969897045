import { setTimeout as wait } from 'node:timers/promises';
import type { Job, JobDescription, Launcher, SubmittedJob } from '@hubfuse/plugin';
import { cancelRun, type ExecutionOptions, type RunPlan } from '@hubfuse/runs';
import { readCloudEnvironment } from '../environment.ts';
import { fittingFlavor } from '../jobs/choose-flavor.ts';
import { parseJobsConfiguration } from '../jobs/configuration.ts';
import { ENDED, type JobsAccess, openJobs } from '../jobs/jobs-access.ts';
import { tariffOfFlavor } from '../jobs/tariff-of-flavor.ts';
import { requireReachable, workerJob } from '../jobs/worker-job.ts';
import { lazily } from '../lazily.ts';
import { endedBefore, endOfRun, requireDone } from '../outcome-of-run.ts';
import { placeOrRefuse } from '../place-or-refuse.ts';
import { planOfJob } from '../plan-of-job.ts';
import { refuseTooDear } from '../refuse-too-dear.ts';
import { timeOfRun } from '../time-of-run.ts';

const LOOK_MS = { first: 1_000, most: 15_000 };

/** A job of Hugging Face Jobs, on the cheapest machine that the plan fits on. The token goes as a secret. */
const hfJobs: Launcher = {
  kind: 'launcher',
  name: 'hf-jobs',
  description: 'in a job of Hugging Face Jobs',

  async submit(job: Job) {
    const { run, store } = job;
    const { hub } = job.execution as Partial<ExecutionOptions>;
    const configuration = parseJobsConfiguration(readCloudEnvironment().jobs);
    requireReachable(store);
    // A run that has ended needs no machine to find that out.
    if ((await endOfRun(store, run)) !== undefined) return endedBefore({ run, store });
    const jobs = access(hub?.token, hub?.hubUrl);
    const plan = await planOfJob(job);
    const flavor = await placeOrRefuse(job, () => fittingFlavor(jobs, { configuration, plan }));
    if (flavor === undefined) return endedBefore({ run, store });
    const tariff = tariffOfFlavor(flavor, jobs.address);
    if (await refuseTooDear(job, plan, tariff)) return endedBefore({ run, store });
    const handle = await jobs.run(
      workerJob({
        ...{ configuration, store, hub, tariff },
        timeoutSeconds: await timeOfRun(store, run, { tariff }),
        arguments: ['--run', run],
        labels: { 'hubfuse-run': run },
      }),
    );
    return { handle, ended: lazily(() => waitForEnd(jobs, { run, store, handle })) };
  },

  async tariffOf(plan) {
    const configuration = parseJobsConfiguration(readCloudEnvironment().jobs);
    const jobs = access();
    return tariffOfFlavor(await fittingFlavor(jobs, { configuration, plan: plan as RunPlan }), jobs.address);
  },

  async describe({ run, store, handle }: SubmittedJob) {
    const end = await endOfRun(store, run);
    if (end !== undefined) return end;
    const { stage, message } = await access().status(handle);
    return describeStage(stage, message);
  },

  async cancel({ run, store, handle }: SubmittedJob) {
    await cancelRun({ store, runId: run });
    // What runs reads the store and ends in good order; what waits for a machine would get one for nothing.
    const { stage } = await access().status(handle);
    if (stage !== undefined && stage !== 'RUNNING' && !ENDED.has(stage)) await access().cancel(handle);
  },

  async *logs({ handle }: SubmittedJob) {
    yield* access().lines(handle);
  },
};

/** Access with the token of a run, or of the environment where a job is only looked at. */
function access(token?: string, hubUrl?: string): JobsAccess {
  const environment = readCloudEnvironment();
  const { namespace, endpoint } = parseJobsConfiguration(environment.jobs);
  const address = endpoint ?? hubUrl ?? environment.hubUrl;
  return openJobs({ namespace, token: token ?? environment.hubToken, hubUrl: address });
}

function describeStage(stage: string | undefined, message: string | undefined): JobDescription {
  if (stage === undefined)
    return { status: 'failed', reason: 'the Hub knows the job no more; start the run again to continue' };
  if (stage === 'RUNNING') return { status: 'running' };
  if (!ENDED.has(stage)) return { status: 'pending' };
  const reason = message ?? `the job is ${stage}, and the run is not done; start it again to continue`;
  return { status: 'failed', reason };
}

async function waitForEnd(jobs: JobsAccess, { run, store, handle }: SubmittedJob): Promise<void> {
  for (let pause = LOOK_MS.first; ; pause = Math.min(LOOK_MS.most, pause * 1.5)) {
    const { stage, message } = await jobs.status(handle);
    if (stage === undefined || ENDED.has(stage)) {
      return await requireDone({
        store,
        runId: run,
        job: handle,
        reason: message ?? stage ?? 'the Hub knows it no more',
      });
    }
    await wait(pause);
  }
}

export default hfJobs;
