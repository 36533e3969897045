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

/** Whether a job waits for a machine or has one. */
export function isAlive({ stage }: Pick<ListedJob, 'stage'>): boolean {
  return stage !== undefined && !ENDED.has(stage);
}

/** Whether a job waits for a machine. */
export function isPending(job: Pick<ListedJob, 'stage'>): boolean {
  return isAlive(job) && job.stage !== 'RUNNING';
}

/** A job as the Hub lists it. */
export interface ListedJob {
  id: string;
  stage: string | undefined;
  message: string | undefined;
  flavor: string;
  labels: Readonly<Record<string, string>>;
  /** ISO 8601. */
  createdAt: string;
}

/** Of a list; a page has dozens of jobs. */
const MOST_PAGES = 100;

/** The calls of Hugging Face Jobs that a launcher makes. */
export interface JobsAccess {
  /** Where it is asked. */
  address: string;
  hardware(): Promise<JobHardware[]>;
  /** Where a person may look at a job. */
  pageOf(id: string): string;
  /** Returns the job's id. */
  run(request: JobRequest): Promise<string>;
  /** Without a stage where the Hub knows no such job. */
  status(id: string): Promise<{ stage: string | undefined; message: string | undefined }>;
  /** All jobs, those that have ended too, that have all of these labels. */
  list(labels: Readonly<Record<string, string>>): Promise<ListedJob[]>;
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
  const address = hubUrl ?? 'https://huggingface.co';
  return {
    address,
    pageOf: (id) => `${address}/jobs/${namespace}/${id}`,
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
    async list(labels) {
      const pages = await asking('list its jobs', async () => await listPages({ common, labels }));
      return pages.map(({ id, status, flavor, labels: own, createdAt }) => ({
        ...{ id, flavor, createdAt, labels: own ?? {} },
        ...{ stage: status.stage, message: status.message ?? undefined },
      }));
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

type ListOptions = Parameters<typeof import('@huggingface/hub').listJobs>[0];

/**
 * Jobs with labels. The client asks for the first page of all jobs and no further; what is asked for in its place is what the Hub
 * documents: `label=key=value`, and pages that a `Link` leads to. A Hub that knows no such question answers with more, which is left out here.
 */
async function listPages(options: { common: ListOptions; labels: Readonly<Record<string, string>> }) {
  const { common, labels } = options;
  const { listJobs } = await import('@huggingface/hub');
  const wanted = Object.entries(labels);
  const found = new Map<string, Awaited<ReturnType<typeof listJobs>>[number]>();
  let next: string | undefined;
  for (let page = 0; page < MOST_PAGES; page++) {
    const asked = next;
    next = undefined;
    const jobs = await listJobs({
      ...common,
      fetch: async (input, init) => {
        const url = new URL(asked ?? (input instanceof Request ? input.url : input));
        if (asked === undefined) for (const [key, value] of wanted) url.searchParams.append('label', `${key}=${value}`);
        const response = await fetch(url, init);
        next = nextPage(response.headers.get('link'), url);
        return response;
      },
    });
    for (const job of jobs) {
      if (wanted.every(([key, value]) => job.labels?.[key] === value)) found.set(job.id, job);
    }
    if (next === undefined) break;
  }
  return [...found.values()];
}

/** Where a `Link` says that the next page is: at the same server, since the token goes along. */
function nextPage(link: string | null, asked: URL): string | undefined {
  const [, found] = /<([^>]+)>;\s*rel="next"/.exec(link ?? '') ?? [];
  if (found === undefined) return undefined;
  const url = new URL(found, asked);
  return url.origin === asked.origin ? url.href : undefined;
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
