import {
  BatchClient,
  CancelJobCommand,
  DescribeJobsCommand,
  type JobDetail,
  ListJobsCommand,
  SubmitJobCommand,
  type SubmitJobCommandInput,
  TerminateJobCommand,
} from '@aws-sdk/client-batch';
import { afterEach, expect, test, vi } from 'vitest';
import {
  type BatchDouble,
  type BatchDoubleOptions,
  type BatchEvent,
  startBatchDouble,
} from '../../packages/cloud/test/batch-double/server.ts';

vi.stubEnv('AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED', 'true');

let double: BatchDouble;
let client: BatchClient;
afterEach(async () => {
  client.destroy();
  await double.close();
});

/** A job's command is a program in JavaScript. */
async function start(options: Partial<BatchDoubleOptions> = {}): Promise<void> {
  double = await startBatchDouble({
    queues: [{ name: 'queue' }, { name: 'narrow', slots: 1 }],
    definitions: [{ name: 'script', entrypoint: [process.execPath, '-e'] }],
    environment: { PATH: process.env.PATH ?? '' },
    ...options,
  });
  const { endpoint, credentials } = double;
  client = new BatchClient({ endpoint, credentials, region: 'us-east-1', maxAttempts: 2 });
}

async function submit(script: string, more: Partial<SubmitJobCommandInput> = {}): Promise<string> {
  const { jobId } = await client.send(
    new SubmitJobCommand({
      ...{ jobName: 'job', jobQueue: 'queue', jobDefinition: 'script' },
      containerOverrides: { command: [script] },
      ...more,
    }),
  );
  return jobId ?? '';
}

async function describe(jobId: string): Promise<JobDetail> {
  const { jobs } = await client.send(new DescribeJobsCommand({ jobs: [jobId] }));
  if (jobs?.[0] === undefined) throw new Error(`no job ${jobId}`);
  return jobs[0];
}

const reaches = (jobId: string, status: string) =>
  vi.waitFor(async () => expect((await describe(jobId)).status).toBe(status), { timeout: 20_000, interval: 20 });

test('a job runs its command as a process and ends with its exit code', async () => {
  const events: BatchEvent[] = [];
  await start({ onEvent: (event) => events.push(event) });
  const good = await submit('process.exit(process.env.AWS_BATCH_JOB_ATTEMPT === "1" ? 0 : 1)');
  const bad = await submit('process.exit(3)');
  await reaches(good, 'SUCCEEDED');
  await reaches(bad, 'FAILED');
  expect(await describe(bad)).toMatchObject({ attempts: [{ container: { exitCode: 3 } }], container: { exitCode: 3 } });
  const states = events.filter(({ detail }) => detail.jobId === good).map(({ detail }) => detail.status);
  expect(states).toEqual(['SUBMITTED', 'PENDING', 'RUNNABLE', 'STARTING', 'RUNNING', 'SUCCEEDED']);
  expect(events[0]).toMatchObject({ source: 'aws.batch', 'detail-type': 'Batch Job State Change' });
});

test('the first condition that matches decides whether a failed attempt is followed by another', async () => {
  await start();
  const retryStrategy = {
    attempts: 3,
    evaluateOnExit: [
      { onExitCode: '75', action: 'RETRY' as const },
      { onReason: '*', action: 'EXIT' as const },
    ],
  };
  const again = await submit('process.exit(process.env.AWS_BATCH_JOB_ATTEMPT === "3" ? 0 : 75)', { retryStrategy });
  const never = await submit('process.exit(1)', { retryStrategy });
  const always = await submit('process.exit(75)', { retryStrategy });
  await reaches(again, 'SUCCEEDED');
  expect((await describe(again)).attempts).toHaveLength(3);
  await reaches(never, 'FAILED');
  expect((await describe(never)).attempts).toHaveLength(1);
  await reaches(always, 'FAILED');
  expect((await describe(always)).attempts).toHaveLength(3);
});

test('a host that is reclaimed sends SIGTERM, then SIGKILL, and its job goes on elsewhere by its retry strategy', async () => {
  await start();
  const retryStrategy = {
    attempts: 3,
    evaluateOnExit: [
      { onStatusReason: 'Host EC2*', action: 'RETRY' as const },
      { onReason: '*', action: 'EXIT' as const },
    ],
  };
  const deaf = 'process.on("SIGTERM", () => console.log("told"));';
  const script = `if (process.env.AWS_BATCH_JOB_ATTEMPT > 1) process.exit(0); ${deaf} console.log("up"); setTimeout(() => {}, 60000)`;
  const id = await submit(script, { retryStrategy });
  await reaches(id, 'RUNNING');
  await new Promise((resolve) => setTimeout(resolve, 300));
  double.reclaim(id, 200);
  await reaches(id, 'SUCCEEDED');
  const { attempts } = await describe(id);
  expect(attempts?.[0]).toMatchObject({ statusReason: expect.stringMatching(/^Host EC2/) });
  expect(attempts?.[0]?.container).not.toHaveProperty('exitCode');
});

test('the children of an array know their index, and a job behind it waits for all of them', async () => {
  await start();
  const script = 'console.log(process.env.AWS_BATCH_JOB_ARRAY_INDEX)';
  const array = await submit(script, { arrayProperties: { size: 3 } });
  const behind = await submit('', { dependsOn: [{ jobId: array }] });
  const matching = await submit('', { arrayProperties: { size: 3 }, dependsOn: [{ jobId: array, type: 'N_TO_N' }] });
  await reaches(behind, 'SUCCEEDED');
  await reaches(matching, 'SUCCEEDED');
  expect((await describe(array)).arrayProperties).toMatchObject({ size: 3, statusSummary: { SUCCEEDED: 3 } });
  expect(await describe(`${array}:2`)).toMatchObject({ status: 'SUCCEEDED', arrayProperties: { index: 2 } });
  const { jobSummaryList } = await client.send(new ListJobsCommand({ arrayJobId: array, jobStatus: 'SUCCEEDED' }));
  expect(jobSummaryList).toHaveLength(3);
});

test('one child that fails fails its array, and what depends on it never starts', async () => {
  await start();
  const array = await submit('process.exit(Number(process.env.AWS_BATCH_JOB_ARRAY_INDEX))', {
    arrayProperties: { size: 2 },
  });
  const behind = await submit('', { dependsOn: [{ jobId: array }] });
  await reaches(array, 'FAILED');
  await reaches(behind, 'FAILED');
  expect(await describe(behind)).toMatchObject({ statusReason: 'Dependent Job failed', attempts: [] });
});

test('what waits is cancelled, what runs is terminated, and neither is tried again', async () => {
  await start({ graceMs: 5_000 });
  const first = await submit('setTimeout(() => {}, 60000)', { jobQueue: 'narrow', retryStrategy: { attempts: 5 } });
  const second = await submit('', { jobQueue: 'narrow' });
  await reaches(first, 'RUNNING');
  await reaches(second, 'RUNNABLE');
  await client.send(new CancelJobCommand({ jobId: first, reason: 'no' }));
  await client.send(new CancelJobCommand({ jobId: second, reason: 'not needed' }));
  expect((await describe(first)).status).toBe('RUNNING');
  expect(await describe(second)).toMatchObject({ status: 'FAILED', statusReason: 'not needed' });
  await client.send(new TerminateJobCommand({ jobId: first, reason: 'enough' }));
  await reaches(first, 'FAILED');
  expect(await describe(first)).toMatchObject({ statusReason: 'enough', attempts: [expect.anything()] });
});

const dependencies = (count: number) => Array.from({ length: count }, () => ({ jobId: 'x' }));
test.each<[string, Partial<SubmitJobCommandInput>]>([
  ['30720', { containerOverrides: { command: ['x'.repeat(31_000)] } }],
  ['between 2 and 10000', { arrayProperties: { size: 1 } }],
  ['between 2 and 10000', { arrayProperties: { size: 10_001 } }],
  ['at most 20', { dependsOn: dependencies(21) }],
  ['does not exist', { dependsOn: dependencies(1) }],
  ['between 1 and 10', { retryStrategy: { attempts: 11 } }],
  ['at least 60', { timeout: { attemptDurationSeconds: 30 } }],
  ['not valid', { jobName: 'a b' }],
  ['JobQueue nowhere not found', { jobQueue: 'nowhere' }],
  ['JobDefinition nothing not found', { jobDefinition: 'nothing' }],
  ['must be positive', { containerOverrides: { resourceRequirements: [{ type: 'GPU', value: '0' }] } }],
])('what Batch refuses is refused: %s', async (message, more) => {
  await start();
  await expect(submit('', more)).rejects.toMatchObject({
    name: 'ClientException',
    message: expect.stringContaining(message),
  });
});

test('a client without the right key is turned away, and a failing service is asked again', async () => {
  await start();
  const credentials = { accessKeyId: 'double', secretAccessKey: 'wrong' };
  const stranger = new BatchClient({ endpoint: double.endpoint, credentials, region: 'us-east-1' });
  await expect(stranger.send(new DescribeJobsCommand({ jobs: ['x'] }))).rejects.toMatchObject({
    name: 'AccessDeniedException',
  });
  double.fail(1);
  expect((await client.send(new DescribeJobsCommand({ jobs: ['x'] }))).jobs).toEqual([]);
});

test('events may be lost, late and out of order', async () => {
  const heard: string[] = [];
  await start({
    onEvent: ({ detail }) => heard.push(detail.status),
    delivery: ({ detail }) => ({ drop: detail.status === 'STARTING', delayMs: detail.status === 'RUNNING' ? 500 : 0 }),
  });
  const id = await submit('');
  await reaches(id, 'SUCCEEDED');
  await vi.waitFor(() => expect(heard.at(-1)).toBe('RUNNING'), { timeout: 5_000 });
  expect(heard).not.toContain('STARTING');
  expect(heard.at(-2)).toBe('SUCCEEDED');
});
