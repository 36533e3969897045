import { HubfuseError, RunError } from '@hubfuse/plugin';
import type { JobHardware } from './choose-flavor.ts';

type RunOptions = Parameters<typeof import('@huggingface/hub').runJob>[0];
/** A job to run. */
export type JobRequest = Omit<
  RunOptions,
  'namespace' | 'hubUrl' | 'fetch' | 'credentials' | 'accessToken' | 'flavor'
> & {
  flavor: string;
};

/** Stages in which a job does nothing any more. */
export const ENDED: ReadonlySet<string> = new Set([
  ...['COMPLETED', 'STOPPED', 'CANCELED', 'CANCELLED', 'DELETED', 'DELETING', 'ERROR'],
]);

/** The calls of Hugging Face Jobs that a launcher makes. */
export interface JobsAccess {
  /** Where it is asked. */
  address: string;
  hardware(): Promise<JobHardware[]>;
  /** Returns the job's id. */
  run(request: JobRequest): Promise<string>;
  /** Without a stage where the Hub knows no such job. */
  status(id: string): Promise<{ stage: string | undefined; message: string | undefined }>;
  cancel(id: string): Promise<void>;
  /** Lines of its log; while it runs they come as they are written. */
  lines(id: string): AsyncIterable<string>;
}

export function openJobs(options: {
  namespace: string;
  token: string | undefined;
  hubUrl: string | undefined;
}): JobsAccess {
  const { namespace, token, hubUrl } = options;
  const common = {
    namespace,
    ...(hubUrl === undefined ? {} : { hubUrl }),
    ...(token === undefined ? {} : { accessToken: token }),
  };
  const library = () => import('@huggingface/hub');
  return {
    address: hubUrl ?? 'https://huggingface.co',
    hardware: () => asking('list its machines', async () => await (await library()).listJobHardware(common)),
    async run({ flavor, ...request }) {
      const { id } = await asking('take the job', async () =>
        (await library()).runJob({ ...common, ...request, flavor: flavor as RunOptions['flavor'] } as RunOptions),
      );
      return id;
    },
    async status(jobId) {
      const job = await asking(`describe the job ${jobId}`, async () => {
        const { getJob, HubApiError } = await library();
        return await getJob({ ...common, jobId }).catch((error: unknown) => {
          if (error instanceof HubApiError && error.statusCode === 404) return undefined;
          throw error;
        });
      });
      return { stage: job?.status.stage, message: job?.status.message ?? undefined };
    },
    async cancel(jobId) {
      await asking(`cancel the job ${jobId}`, async () => (await library()).cancelJob({ ...common, jobId }));
    },
    async *lines(jobId) {
      const { streamJobLogs } = await library();
      for await (const { message } of streamJobLogs({ ...common, jobId })) yield message;
    },
  };
}

async function asking<T>(what: string, request: () => Promise<T>): Promise<T> {
  try {
    return await request();
  } catch (error) {
    if (error instanceof HubfuseError) throw error;
    const said = error instanceof Error ? error.message : String(error);
    // The library's error may hold its request, whose token belongs into no log.
    throw new RunError({ code: 'launcher/hf-jobs', message: `Hugging Face Jobs did not ${what}: ${said}` });
  }
}
