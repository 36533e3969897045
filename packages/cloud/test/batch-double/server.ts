import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CREDENTIALS, isSigned } from '../../../objects/test/s3-double/signature.ts';
import { checkRetries, checkSubmission } from './check-submission.ts';
import { type BatchEvent, type Delivery, EventChannel } from './event-channel.ts';
import { Job } from './job.ts';
import { LogStreams } from './log-streams.ts';
import { BatchRefusal, demand } from './refusal.ts';
import { Scheduler } from './scheduler.ts';
import type { JobDefinition, JobQueue, Submission } from './types.ts';

export type { BatchEvent, Delivery } from './event-channel.ts';
export type { JobDefinition, JobQueue } from './types.ts';

const MOST_DESCRIBED = 100;
/** Where Batch writes the logs of its jobs. */
export const LOG_GROUP = '/aws/batch/job';

export interface BatchDoubleOptions {
  queues: readonly JobQueue[];
  definitions: readonly JobDefinition[];
  /** Variables that every container gets, as from its image and host. */
  environment?: Readonly<Record<string, string>>;
  /** Milliseconds between the SIGTERM of a stop and its SIGKILL. Default 30,000. */
  graceMs?: number;
  /** Told of every state change that is not lost. */
  onEvent?: (event: BatchEvent) => void;
  /** Which events are lost or late. Default: none. */
  delivery?: Delivery;
  /** Lines of a page of logs. Default 1000. */
  logPage?: number;
}

export interface BatchDouble {
  /** `http://127.0.0.1:port`, for both Batch and CloudWatch Logs. */
  endpoint: string;
  /** What the SDK signs with. */
  credentials: { accessKeyId: string; secretAccessKey: string };
  /** The bodies of every SubmitJob that was accepted. */
  submissions: readonly Submission[];
  /** Path of every request. */
  requests: readonly string[];
  job(id: string): Job;
  /** Takes the host of a running job away as a spot reclaim does: SIGTERM, and after `graceMs` SIGKILL. */
  reclaim(id: string, graceMs?: number): void;
  /** The next requests are answered with an error of the service. */
  fail(times: number, type?: BatchRefusal['type']): void;
  close(): Promise<void>;
}

/** A server that speaks AWS Batch as far as launchers need it, and runs what jobs command as processes of this machine. */
export async function startBatchDouble(options: BatchDoubleOptions): Promise<BatchDouble> {
  for (const { retryStrategy } of options.definitions) checkRetries(retryStrategy);
  const folder = await mkdtemp(join(tmpdir(), 'hubfuse-batch-'));
  const queues = new Map(options.queues.map((queue) => [queue.name, queue]));
  const jobs = new Map<string, Job>();
  const submissions: Submission[] = [];
  const requests: string[] = [];
  const logs = new LogStreams(LOG_GROUP, options.logPage ?? 1000);
  const events = new EventChannel(options.onEvent ?? (() => undefined), options.delivery ?? (() => ({})));
  const { graceMs = 30_000, environment = {} } = options;
  const scheduler = new Scheduler({ queues, logs, events, folder, environment, graceMs });
  const carried: Promise<void>[] = [];
  let faults: BatchRefusal[] = [];

  function find(id: string): Job {
    const job = jobs.get(id);
    demand(job !== undefined, `Job ${id} does not exist`);
    return job;
  }

  function submit(submission: Submission, bytes: number): object {
    checkSubmission(submission, bytes);
    const named = { ...submission, jobQueue: nameIn(submission.jobQueue) };
    demand(queues.has(named.jobQueue), `JobQueue ${submission.jobQueue} not found`);
    const definition = options.definitions.find(({ name }) => name === nameIn(submission.jobDefinition));
    demand(definition !== undefined, `JobDefinition ${submission.jobDefinition} not found`);
    for (const { jobId } of named.dependsOn ?? []) if (jobId !== undefined) find(jobId);
    const job = new Job({ submission: named, definition });
    for (let index = 0; index < (named.arrayProperties?.size ?? 0); index++) {
      job.children.push(new Job({ submission: named, definition, parent: job, index }));
    }
    for (const one of [job, ...job.children]) jobs.set(one.id, one);
    submissions.push(named);
    events.send(job.describe());
    // The answer comes before anything happens.
    carried.push(new Promise((resolve) => setImmediate(resolve)).then(() => scheduler.carryOut(job, find)));
    return { jobArn: job.arn, jobId: job.id, jobName: named.jobName };
  }

  function act(path: string, body: Record<string, unknown>, bytes: number): object {
    switch (path) {
      case '/v1/submitjob':
        return submit(body as unknown as Submission, bytes);
      case '/v1/describejobs': {
        const ids = (body.jobs ?? []) as string[];
        demand(ids.length > 0 && ids.length <= MOST_DESCRIBED, `jobs must name 1 to ${MOST_DESCRIBED} jobs`);
        return { jobs: ids.flatMap((id) => jobs.get(id)?.describe() ?? []) };
      }
      case '/v1/canceljob':
        demand(typeof body.reason === 'string' && body.reason !== '', 'reason must be set');
        scheduler.cancel(find(String(body.jobId)), body.reason);
        return {};
      case '/v1/terminatejob':
        demand(typeof body.reason === 'string' && body.reason !== '', 'reason must be set');
        scheduler.terminate(find(String(body.jobId)), body.reason);
        return {};
      case '/v1/listjobs':
        return { jobSummaryList: list(body) };
      default:
        throw new BatchRefusal(`the double does not know ${path}`);
    }
  }

  function list({ jobQueue, arrayJobId, jobStatus }: Record<string, unknown>): object[] {
    demand(jobQueue !== undefined || arrayJobId !== undefined, 'jobQueue or arrayJobId must be set');
    const from = arrayJobId === undefined ? [...jobs.values()] : find(String(arrayJobId)).children;
    const status = jobStatus ?? 'RUNNING';
    return from
      .filter((job) => job.status === status)
      .filter((job) => jobQueue === undefined || (job.submission.jobQueue === nameIn(String(jobQueue)) && !job.index))
      .map((job) => job.describe());
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const body = Buffer.concat(parts);
    requests.push(request.url ?? '');
    if (!isSigned(request, body)) return refuse(response, 403, 'AccessDeniedException', 'the signature is wrong');
    const fault = faults.shift();
    if (fault !== undefined) throw fault;
    const content = JSON.parse(body.toString('utf8') || '{}') as Record<string, unknown>;
    const target = request.headers['x-amz-target'];
    if (target === 'Logs_20140328.GetLogEvents') {
      const page = logs.page(content);
      if (page === undefined)
        refuse(response, 400, 'ResourceNotFoundException', 'The specified log stream does not exist.');
      else send(response, 'application/x-amz-json-1.1', page);
    } else send(response, 'application/json', act(request.url ?? '', content, body.length));
  }

  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      if (error instanceof BatchRefusal) refuse(response, error.status, error.type, error.message);
      else refuse(response, 500, 'ServerException', String(error));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    credentials: CREDENTIALS,
    submissions,
    requests,
    job: find,
    reclaim(id, grace = graceMs) {
      find(id).container?.stop(grace, 'host');
    },
    fail(times, type = 'ServerException') {
      faults = Array.from({ length: times }, () => new BatchRefusal('the service is not at its best', type));
    },
    async close() {
      for (const job of jobs.values()) {
        job.ending = 'the double closes';
        scheduler.cancel(job, job.ending);
        job.container?.kill('container');
      }
      await Promise.all(carried);
      events.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The name in a name, a name with a revision, or an ARN. */
function nameIn(reference: string): string {
  return reference.replace(/^arn:[^/]*\//, '').replace(/:\d+$/, '');
}

function send(response: ServerResponse, type: string, content: object): void {
  response.writeHead(200, { 'content-type': type }).end(JSON.stringify(content));
}

function refuse(response: ServerResponse, status: number, type: string, message: string): void {
  response
    .writeHead(status, { 'content-type': 'application/json', 'x-amzn-errortype': type })
    .end(JSON.stringify({ __type: type, message }));
}
