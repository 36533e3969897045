import { randomUUID } from 'node:crypto';
import type { Container } from './container.ts';
import type { Attempt, JobDefinition, JobStatus, RetryStrategy, Submission } from './types.ts';

const ENDED: readonly JobStatus[] = ['SUCCEEDED', 'FAILED'];

/** A job, one of an array, or an array as a whole. */
export class Job {
  readonly id: string;
  readonly submission: Submission;
  readonly definition: JobDefinition;
  /** Place in its array. */
  readonly index: number | undefined;
  readonly children: Job[] = [];
  readonly attempts: Attempt[] = [];
  readonly createdAt = Date.now();
  readonly ended: Promise<JobStatus>;
  status: JobStatus = 'SUBMITTED';
  statusReason: string | undefined;
  startedAt: number | undefined;
  stoppedAt: number | undefined;
  /** Of the attempt under way. */
  container: Container | undefined;
  /** What ends the job whatever its attempt says: a reason of whoever asked. */
  ending: string | undefined;
  #settle: (status: JobStatus) => void = () => undefined;

  constructor(options: { submission: Submission; definition: JobDefinition; parent?: Job; index?: number }) {
    const { parent, index } = options;
    this.id = parent === undefined ? randomUUID() : `${parent.id}:${index}`;
    this.submission = options.submission;
    this.definition = options.definition;
    this.index = index;
    this.ended = new Promise((resolve) => {
      this.#settle = resolve;
    });
  }

  get arn(): string {
    return `arn:aws:batch:us-east-1:123456789012:job/${this.id}`;
  }

  get isOver(): boolean {
    return ENDED.includes(this.status);
  }

  get retryStrategy(): RetryStrategy | undefined {
    return this.submission.retryStrategy ?? this.definition.retryStrategy;
  }

  get timeoutSeconds(): number | undefined {
    return this.submission.timeout?.attemptDurationSeconds ?? this.definition.timeout?.attemptDurationSeconds;
  }

  get command(): readonly string[] {
    return this.submission.containerOverrides?.command ?? this.definition.command ?? [];
  }

  end(status: 'SUCCEEDED' | 'FAILED', reason: string | undefined): void {
    this.status = status;
    this.statusReason = reason;
    this.stoppedAt = Date.now();
    this.#settle(status);
  }

  /** As DescribeJobs answers. */
  describe(): { jobId: string; jobArn: string; status: JobStatus; [field: string]: unknown } {
    const { submission, definition } = this;
    const last = this.attempts.at(-1)?.container;
    const size = submission.arrayProperties?.size;
    return {
      jobArn: this.arn,
      jobId: this.id,
      jobName: submission.jobName,
      jobQueue: `arn:aws:batch:us-east-1:123456789012:job-queue/${submission.jobQueue}`,
      jobDefinition: `arn:aws:batch:us-east-1:123456789012:job-definition/${definition.name}:1`,
      status: this.status,
      ...(this.statusReason === undefined ? {} : { statusReason: this.statusReason }),
      // One that is under way shows in `container` alone.
      attempts: this.attempts.filter(({ stoppedAt }) => stoppedAt !== undefined),
      createdAt: this.createdAt,
      ...(this.startedAt === undefined ? {} : { startedAt: this.startedAt }),
      ...(this.stoppedAt === undefined ? {} : { stoppedAt: this.stoppedAt }),
      dependsOn: submission.dependsOn ?? [],
      tags: submission.tags ?? {},
      ...(this.children.length > 0
        ? { arrayProperties: { size, statusSummary: this.#summary() } }
        : {
            ...(this.index === undefined ? {} : { arrayProperties: { index: this.index } }),
            container: {
              command: this.command,
              resourceRequirements:
                submission.containerOverrides?.resourceRequirements ?? definition.resourceRequirements ?? [],
              environment: submission.containerOverrides?.environment ?? [],
              ...last,
            },
          }),
    };
  }

  #summary(): Record<string, number> {
    const summary: Record<string, number> = {};
    for (const { status } of this.children) summary[status] = (summary[status] ?? 0) + 1;
    return summary;
  }
}
