import type { Job, Launcher, SubmittedJob } from '@hubfuse/plugin';
import { cancelRun, type ExecutionOptions, type RunPlan, readRun } from '@hubfuse/runs';
import { readCloudEnvironment } from '../environment.ts';
import { parseJobsConfiguration } from '../jobs/configuration.ts';
import { interleave } from '../jobs/interleave.ts';
import { callOff, childOf, findArray, foldJobs, JobArray, jobsOfArray, labelsOfRun } from '../jobs/job-array.ts';
import { isPending, type JobsAccess, type ListedJob, openJobs } from '../jobs/jobs-access.ts';
import { lookAfter } from '../jobs/look-after.ts';
import { placeJobs } from '../jobs/place-jobs.ts';
import { requireReachable, workerJob } from '../jobs/worker-job.ts';
import { lazily } from '../lazily.ts';
import { endedBefore, endOfRun } from '../outcome-of-run.ts';
import { placeOrRefuse } from '../place-or-refuse.ts';
import { planOfJob } from '../plan-of-job.ts';
import { refuseTooDear } from '../refuse-too-dear.ts';
import { timeOfRun } from '../time-of-run.ts';

/**
 * Jobs of Hugging Face Jobs, one for each worker of a run, on the cheapest machine that the plan fits on. The token goes as a secret.
 * The handle names what was started together; it is a label of these jobs, by which any process finds them.
 */
const hfJobs: Launcher = {
  kind: 'launcher',
  name: 'hf-jobs',
  description: 'in jobs of Hugging Face Jobs',
  findsEarlier: true,

  async submit(job: Job) {
    const { run, store } = job;
    const { hub } = job.execution as Partial<ExecutionOptions>;
    const configuration = parseJobsConfiguration(readCloudEnvironment().jobs);
    requireReachable(store);
    // A run that has ended needs no machine to find that out.
    if ((await endOfRun(store, run)) !== undefined) return endedBefore({ run, store });
    const jobs = access(hub?.token, hub?.hubUrl);
    const { spec, state } = await readRun({ store, runId: run });
    const life = { run, generation: state.generation ?? 1 };
    const found = findArray(await jobs.list(labelsOfRun(run)), life);
    const plan = await planOfJob(job);
    const { seconds } = state.limits ?? spec.limits;
    const placed = await placeOrRefuse(job, () => placeJobs(jobs, { configuration, plan, seconds, found }));
    if (placed === undefined) return endedBefore({ run, store });
    const { children, tariff, onGpu } = placed;
    // What was started before has passed this.
    if (found === undefined && (await refuseTooDear(job, plan, tariff))) return endedBefore({ run, store });
    const array = new JobArray({
      ...{ access: jobs, life, children, found },
      request: async (child, labels) =>
        workerJob({
          ...{ configuration, store, hub, tariff, onGpu, labels },
          timeoutSeconds: await timeOfRun(store, run, { tariff, plan }),
          arguments: [
            ...['--run', run],
            ...(children === 1 ? [] : ['--children', String(children), '--child', String(child)]),
          ],
        }),
    });
    await array.complete(found?.jobs ?? []);
    return { handle: array.id, ended: lazily(() => lookAfter({ array, access: jobs, store, life })) };
  },

  async tariffOf(plan) {
    const configuration = parseJobsConfiguration(readCloudEnvironment().jobs);
    const planned = plan as RunPlan;
    const seconds = planned.recipe.limits?.seconds;
    return (await placeJobs(access(), { configuration, plan: planned, seconds })).tariff;
  },

  async describe(submitted: SubmittedJob) {
    const { run, store } = submitted;
    const end = await endOfRun(store, run);
    if (end !== undefined) return end;
    const jobs = access();
    const found = await jobsOf(jobs, submitted);
    const [first] = found;
    return { ...foldJobs(found), ...(first === undefined ? {} : { url: jobs.pageOf(first.id) }) };
  },

  async cancel({ run, store }: SubmittedJob) {
    await cancelRun({ store, runId: run });
    // What runs reads the store and ends in good order.
    const jobs = access();
    await callOff(jobs, await jobs.list(labelsOfRun(run)));
  },

  async *logs(submitted: SubmittedJob) {
    const jobs = access();
    const found = await jobsOf(jobs, submitted);
    // What waits for a machine has written nothing, and would keep the others from their end.
    const begun = found.filter((job) => !isPending(job));
    yield* interleave((begun.length === 0 ? found : begun).map(({ id }) => jobs.lines(id)));
  },
};

/** The jobs that a handle names, those of the first child first; all of the run where it names none: no dispatcher submitted it. */
async function jobsOf(jobs: JobsAccess, { run, handle }: SubmittedJob): Promise<ListedJob[]> {
  const all = await jobs.list(labelsOfRun(run));
  const found = handle === run ? all : jobsOfArray(all, handle);
  return found.sort((a, b) => childOf(a) - childOf(b) || (a.createdAt < b.createdAt ? -1 : 1));
}

/** Access with the token of a run, or of the environment where a job is only looked at. */
function access(token?: string, hubUrl?: string): JobsAccess {
  const environment = readCloudEnvironment();
  const { namespace, endpoint } = parseJobsConfiguration(environment.jobs);
  const address = endpoint ?? hubUrl ?? environment.hubUrl;
  return openJobs({ namespace, token: token ?? environment.hubToken, hubUrl: address });
}

export default hfJobs;
