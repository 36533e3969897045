import type { BatchClient, JobDetail } from '@aws-sdk/client-batch';
import type { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { HubfuseError, RunError } from '@hubfuse/plugin';
import { hushSdk } from '../environment.ts';

/** How often the SDK sends a request that failed for a reason that passes. */
const ATTEMPTS = 5;

/** A job to submit. */
export interface BatchSubmission {
  jobName: string;
  jobQueue: string;
  jobDefinition: string;
  command: readonly string[];
  resources: readonly { type: 'VCPU' | 'MEMORY' | 'GPU'; value: string }[];
  tags: Readonly<Record<string, string>>;
  /** From 2: an array of so many jobs, each of which is told its number. */
  arraySize?: number | undefined;
  /** Seconds after which Batch ends an attempt. Default: the job definition's. */
  timeoutSeconds?: number | undefined;
}

/** The calls of AWS Batch and CloudWatch Logs that a launcher makes. */
export interface BatchAccess {
  /** Returns the job's id. */
  submit(submission: BatchSubmission): Promise<string>;
  /** Undefined where Batch has forgotten it, a week after its end. */
  describe(id: string): Promise<JobDetail | undefined>;
  /** Ends what has not started. */
  cancel(id: string, reason: string): Promise<void>;
  /** Lines of one log stream so far. */
  lines(logGroup: string, stream: string): AsyncIterable<string>;
}

/** Loads the SDK; credentials, region and endpoint are those that its own chain finds. */
export async function openBatch(): Promise<BatchAccess> {
  hushSdk();
  const sdk = await import('@aws-sdk/client-batch');
  const client = new sdk.BatchClient({ maxAttempts: ATTEMPTS });
  let logs: Promise<LogReader> | undefined;
  return {
    async submit({ resources, command, timeoutSeconds, arraySize, ...submission }) {
      const { jobId } = await asking(`submit the job ${submission.jobName}`, () =>
        client.send(
          new sdk.SubmitJobCommand({
            ...submission,
            tags: { ...submission.tags },
            propagateTags: true,
            ...(arraySize === undefined ? {} : { arrayProperties: { size: arraySize } }),
            ...(timeoutSeconds === undefined ? {} : { timeout: { attemptDurationSeconds: timeoutSeconds } }),
            containerOverrides: { command: [...command], resourceRequirements: [...resources] },
          }),
        ),
      );
      if (jobId !== undefined) return jobId;
      throw new RunError({ code: 'launcher/aws-batch', message: 'AWS Batch took a job and gave it no id' });
    },
    describe: (id) => describeJob(client, sdk, id),
    async cancel(id, reason) {
      await asking(`cancel the job ${id}`, () => client.send(new sdk.CancelJobCommand({ jobId: id, reason })));
    },
    async *lines(logGroup, stream) {
      logs ??= openLogs();
      yield* readStream(await logs, logGroup, stream);
    },
  };
}

async function describeJob(
  client: BatchClient,
  sdk: typeof import('@aws-sdk/client-batch'),
  id: string,
): Promise<JobDetail | undefined> {
  const { jobs } = await asking(`describe the job ${id}`, () =>
    client.send(new sdk.DescribeJobsCommand({ jobs: [id] })),
  );
  return jobs?.find(({ jobId }) => jobId === id);
}

interface LogReader {
  sdk: typeof import('@aws-sdk/client-cloudwatch-logs');
  client: CloudWatchLogsClient;
}

async function openLogs(): Promise<LogReader> {
  const sdk = await import('@aws-sdk/client-cloudwatch-logs');
  return { sdk, client: new sdk.CloudWatchLogsClient({ maxAttempts: ATTEMPTS }) };
}

async function* readStream({ sdk, client }: LogReader, logGroupName: string, logStreamName: string) {
  let nextToken: string | undefined;
  for (;;) {
    const request = {
      logGroupName,
      logStreamName,
      startFromHead: true,
      ...(nextToken === undefined ? {} : { nextToken }),
    };
    const page = await asking(`read the log ${logStreamName}`, () =>
      client.send(new sdk.GetLogEventsCommand(request)),
    ).catch((error: unknown) => {
      // A container that has written nothing yet has no stream.
      if (error instanceof RunError && causeName(error) === 'ResourceNotFoundException') return undefined;
      throw error;
    });
    for (const { message } of page?.events ?? []) if (message !== undefined) yield message;
    // The end is where the token does not change.
    if (page?.nextForwardToken === undefined || page.nextForwardToken === nextToken) return;
    nextToken = page.nextForwardToken;
  }
}

function causeName({ cause }: RunError): string | undefined {
  return cause instanceof Error ? cause.name : undefined;
}

async function asking<T>(what: string, request: () => Promise<T>): Promise<T> {
  try {
    return await request();
  } catch (error) {
    if (error instanceof HubfuseError) throw error;
    const { name, message } = error instanceof Error ? error : { name: 'Error', message: String(error) };
    // The SDK's own error holds its request with the signature, which belongs into no log.
    const cause = new Error(message);
    cause.name = name;
    throw new RunError({
      code: name.includes('Credentials') ? 'launcher/no-credentials' : 'launcher/aws-batch',
      message: `AWS Batch did not ${what}: ${name}: ${message}`,
      hint: name.includes('Credentials') ? 'log in with the AWS tools, or give the function a role' : undefined,
      cause,
    });
  }
}
