import { setTimeout as wait } from 'node:timers/promises';
import type { HubOptions } from '@hubfuse/hub';
import { type ObjectStore, RunError } from '@hubfuse/plugin';
import type { RunPlan } from '@hubfuse/runs';
import { readCloudEnvironment } from '../environment.ts';
import { parseJobsConfiguration } from './configuration.ts';
import { ENDED, type JobsAccess, openJobs } from './jobs-access.ts';
import { labelValue } from './label-value.ts';
import { placeOneJob } from './place-jobs.ts';
import { requireReachable, WORKER, workerJob } from './worker-job.ts';

const FIRST_LOOK_MS = 500;
const LONGEST_PAUSE_MS = 10_000;
/** Lines of a job that failed which are worth showing. */
const LAST_LINES = 5;

/** The job that a webhook of the Hub starts again with each event. */
export interface EventJob {
  id: string;
  /** The machine that was chosen for it. */
  flavor: string;
}

/**
 * Runs the job that a webhook is to start with every event of a stored recipe, once without an event: it finds out whether it
 * reaches the store and the Hub. The Hub keeps what it is, with its secrets.
 * @returns when it has ended well
 * @throws UsageError `usage/jobs-configuration`; RunError `launcher/local-store`, `launcher/hf-jobs`, `launcher/event-job`
 * with what the job said where it failed
 */
export async function startEventJob(options: {
  /** Name of the stored recipe. */
  recipe: string;
  /** What a run of it is, from file headers: it decides about the machine. */
  plan: RunPlan;
  store: ObjectStore;
  hub: HubOptions;
  /** Ends the waiting; the job goes on. */
  signal: AbortSignal;
}): Promise<EventJob> {
  const { recipe, plan, store, hub, signal } = options;
  const environment = readCloudEnvironment();
  const configuration = parseJobsConfiguration(environment.jobs);
  requireReachable(store);
  const { namespace, endpoint } = configuration;
  const jobs = openJobs({ namespace, token: hub.token, hubUrl: endpoint ?? hub.hubUrl ?? environment.hubUrl });
  const { tariff, onGpu } = await placeOneJob(jobs, { configuration, plan });
  const id = await jobs.run(
    workerJob({
      ...{ configuration, store, hub, tariff, onGpu },
      arguments: ['--hub-event', '--recipe', recipe],
      labels: { 'hubfuse-recipe': labelValue(recipe) },
    }),
  );
  await waitUntilReady(jobs, { id, signal });
  return { id, flavor: tariff.machine.name };
}

/** The stored recipe that a webhook's job is for; undefined where its command is none of `startEventJob`. */
export function eventJobRecipe(command: readonly string[]): { recipe: string; store: string } | undefined {
  const [event, option, recipe, storeOption, store] = command.slice(WORKER.length);
  const isOurs = WORKER.every((word, index) => command[index] === word) && event === '--hub-event';
  if (!isOurs || option !== '--recipe' || storeOption !== '--store') return undefined;
  return recipe === undefined || store === undefined ? undefined : { recipe, store };
}

async function waitUntilReady(jobs: JobsAccess, { id, signal }: { id: string; signal: AbortSignal }): Promise<void> {
  for (let pause = FIRST_LOOK_MS; ; pause = Math.min(LONGEST_PAUSE_MS, pause * 1.5)) {
    const { stage, message } = await jobs.status(id);
    if (stage === 'COMPLETED') return;
    if (stage === undefined || ENDED.has(stage)) {
      const said = await lastLines(jobs, id);
      throw new RunError({
        code: 'launcher/event-job',
        message: `the job ${id}, which the webhook was to start, is ${stage ?? 'gone'}${message === undefined ? '' : ` (${message})`}${said === '' ? '' : `; it said last:\n${said}`}`,
        hint: 'no webhook was registered: look for what the job says, and add it again',
      });
    }
    await wait(pause, undefined, { signal });
  }
}

async function lastLines(jobs: JobsAccess, id: string): Promise<string> {
  const lines: string[] = [];
  try {
    for await (const line of jobs.lines(id)) lines.push(line);
  } catch {
    // Its log is gone: its stage has to do.
  }
  return lines.slice(-LAST_LINES).join('\n');
}
