import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Container } from '../batch-double/container.ts';

/** Jobs in one answer. */
const PAGE = 3;

/** The body of a job, as far as the double reads it. */
export interface JobBody {
  dockerImage?: string;
  command?: string[];
  environment?: Record<string, string>;
  secrets?: Record<string, string>;
  flavor?: string;
  attempts?: number;
  timeoutSeconds?: number;
  labels?: Record<string, string>;
}

export interface JobRecord {
  id: string;
  createdAt: string;
  body: JobBody;
  stage: 'SCHEDULING' | 'RUNNING' | 'COMPLETED' | 'ERROR' | 'CANCELED';
  message: string | null;
  failures: number;
  lines: string[];
  listeners: Set<(line: string | undefined) => void>;
  container: Container | undefined;
}

export interface JobsDoubleOptions {
  token: string;
  /** Programs in the place of those that an image holds, by path. */
  programs: Readonly<Record<string, string>>;
  /** Variables of every container. */
  environment: Readonly<Record<string, string>>;
  hardware: readonly object[];
  /** Keeps jobs from starting. */
  held?: boolean;
  /** Milliseconds between SIGTERM and SIGKILL. Default 10,000. */
  graceMs?: number;
}

export interface JobsDouble {
  url: string;
  jobs: readonly JobRecord[];
  /** Takes the machine of a running job away without a word. */
  lose(id: string): void;
  /** Takes it away with SIGTERM first. */
  reclaim(id: string): void;
  /** Ends a job as one that was tried often enough, whatever it does. */
  giveUp(id: string): void;
  /** Answers no further request for a job, and starts none, once so many were started. */
  stallAfter(jobs: number): void;
  /** Ends the connections of requests that were not answered. */
  dropStalled(): void;
  /** What the Hub itself does for webhooks: shows a job, and starts another one like it, its secrets included. */
  describe(id: string): Promise<object | undefined>;
  startLike(id: string, variables: Readonly<Record<string, string>>): Promise<string>;
  close(): Promise<void>;
}

/** A server that speaks the API of Hugging Face Jobs as its JavaScript client does, and runs jobs as processes of this machine. */
export async function startJobsDouble(options: JobsDoubleOptions): Promise<JobsDouble> {
  const folder = await mkdtemp(join(tmpdir(), 'hubfuse-jobs-'));
  const jobs: JobRecord[] = [];
  const stalled: ServerResponse[] = [];
  let stalledAfter = Number.POSITIVE_INFINITY;
  const carried: Promise<void>[] = [];

  async function carryOut(job: JobRecord): Promise<void> {
    const { command = [], environment = {}, secrets = {}, attempts = 1 } = job.body;
    const argv = command.map((part) => options.programs[part] ?? part);
    for (let attempt = 1; job.stage !== 'CANCELED'; attempt++) {
      const disk = join(folder, randomUUID());
      const own = Object.entries({ ...options.environment, ...environment, ...secrets });
      job.container = await Container.start({
        command: argv,
        // `/tmp` of a container is its own.
        environment: Object.fromEntries(own.map(([name, value]) => [name, value.replace(/^\/tmp(?=\/|$)/, disk)])),
        disk,
        onLine: (line) => {
          job.lines.push(line);
          for (const listener of job.listeners) listener(line);
        },
      });
      job.stage = 'RUNNING';
      const { exitCode } = await job.container.ended;
      job.container = undefined;
      if (job.stage !== 'RUNNING') break;
      if (exitCode === 0) return end(job, 'COMPLETED', null);
      job.failures++;
      if (attempt >= attempts)
        return end(job, 'ERROR', exitCode === undefined ? 'the machine is gone' : `exit code ${exitCode}`);
    }
    end(job, job.stage, job.message);
  }

  function end(job: JobRecord, stage: JobRecord['stage'], message: string | null): void {
    job.stage = stage;
    job.message = message;
    for (const listener of job.listeners) listener(undefined);
  }

  function answer(request: IncomingMessage, response: ServerResponse, body: Buffer) {
    if (request.url === '/api/jobs/hardware') return send(response, 200, options.hardware);
    if (request.headers.authorization !== `Bearer ${options.token}`)
      return send(response, 401, { error: 'Unauthorized' });
    const { pathname } = new URL(request.url ?? '', 'http://double');
    const [, namespace, id, action] = /^\/api\/jobs\/([^/]+)(?:\/([^/]+))?(?:\/([^/]+))?$/.exec(pathname) ?? [];
    if (namespace === undefined) return send(response, 404, { error: 'Not found' });
    if (id === undefined) return request.method === 'GET' ? list(request, response) : create(request, response, body);
    const job = jobs.find((one) => one.id === id);
    if (job === undefined) return send(response, 404, { error: 'Job not found' });
    if (action === 'logs') return stream(response, job);
    if (action === 'cancel') {
      const waiting = job.stage === 'SCHEDULING';
      if (waiting || job.stage === 'RUNNING') job.stage = 'CANCELED';
      job.container?.stop(options.graceMs ?? 10_000, 'container');
    }
    send(response, 200, view(job));
  }

  /** By labels, a few at a time, the newest first. */
  function list(request: IncomingMessage, response: ServerResponse) {
    const url = new URL(request.url ?? '', `http://${request.headers.host}`);
    const wanted = url.searchParams.getAll('label').map((text) => text.split('='));
    const found = jobs
      .filter(({ body: { labels = {} } }) => wanted.every(([key = '', value]) => labels[key] === value))
      .reverse();
    const first = Number(url.searchParams.get('skip') ?? 0);
    const rest = first + PAGE < found.length;
    url.searchParams.set('skip', String(first + PAGE));
    send(response, 200, found.slice(first, first + PAGE).map(view), rest ? { link: `<${url.href}>; rel="next"` } : {});
  }

  function create(request: IncomingMessage, response: ServerResponse, text: Buffer) {
    const body = JSON.parse(text.toString()) as JobBody;
    const known = options.hardware.some((one) => (one as { name?: string }).name === body.flavor);
    if (jobs.length >= stalledAfter) return void stalled.push(response);
    if (request.method !== 'POST' || body.dockerImage === undefined || !known) {
      return send(response, 400, { error: 'a job needs an image and a flavor that exists' });
    }
    if (
      !Object.entries(body.labels ?? {})
        .flat()
        .every((text) => /^[A-Za-z0-9_-]*$/.test(text))
    ) {
      return send(response, 400, { error: 'labels hold letters, digits, - and _' });
    }
    send(response, 200, view(start(body)));
  }

  function start(body: JobBody): JobRecord {
    const job: JobRecord = {
      ...{ id: randomUUID().replaceAll('-', '').slice(0, 24), body, stage: 'SCHEDULING' as const, message: null },
      createdAt: new Date().toISOString(),
      ...{ failures: 0, lines: [], listeners: new Set(), container: undefined },
    };
    jobs.push(job);
    if (options.held !== true) carried.push(new Promise((resolve) => setImmediate(resolve)).then(() => carryOut(job)));
    return job;
  }

  const server = createServer(async (request, response) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    answer(request, response, Buffer.concat(parts));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    jobs,
    describe: async (id) => {
      const job = jobs.find((one) => one.id === id);
      return job && view(job);
    },
    startLike: async (id, variables) => {
      const body = jobs.find((one) => one.id === id)?.body;
      if (body === undefined) throw new Error(`there is no job ${id}`);
      return start({ ...body, environment: { ...body.environment, ...variables } }).id;
    },
    lose: (id) => jobs.find((one) => one.id === id)?.container?.kill('host'),
    reclaim: (id) => jobs.find((one) => one.id === id)?.container?.stop(options.graceMs ?? 10_000, 'host'),
    giveUp: (id) => {
      const job = jobs.find((one) => one.id === id);
      if (job === undefined || (job.stage !== 'SCHEDULING' && job.stage !== 'RUNNING')) return;
      job.stage = 'ERROR';
      job.message = 'the machine is gone';
      job.container?.kill('host');
    },
    stallAfter: (count) => {
      stalledAfter = count;
    },
    dropStalled: () => {
      for (const response of stalled.splice(0)) response.destroy();
    },
    async close() {
      for (const job of jobs) {
        if (job.stage === 'SCHEDULING' || job.stage === 'RUNNING') job.stage = 'CANCELED';
        job.container?.kill('container');
      }
      await Promise.all(carried);
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** As the API shows a job: names of secrets, and no values. */
function view({ id, createdAt, body, stage, message, failures }: JobRecord): object {
  const { secrets = {}, ...rest } = body;
  return {
    type: 'job',
    id,
    createdAt,
    ...rest,
    secrets: Object.keys(secrets),
    status: { stage, message, failureCount: failures },
  };
}

function stream(response: ServerResponse, job: JobRecord): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  const write = (line: string) =>
    response.write(`data: ${JSON.stringify({ data: line, timestamp: new Date().toISOString() })}\n\n`);
  for (const line of job.lines) write(line);
  if (job.stage !== 'SCHEDULING' && job.stage !== 'RUNNING') {
    response.end();
    return;
  }
  const listener = (line: string | undefined) => void (line === undefined ? response.end() : write(line));
  job.listeners.add(listener);
  response.on('close', () => job.listeners.delete(listener));
}

function send(response: ServerResponse, status: number, content: unknown, headers: Record<string, string> = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(content));
}
