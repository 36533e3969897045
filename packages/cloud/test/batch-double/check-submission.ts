import { demand } from './refusal.ts';
import type { ResourceRequirement, RetryStrategy, Submission } from './types.ts';

/** Limits of the service, as its documentation states them. */
const MOST_PAYLOAD_BYTES = 30 * 1024;
const MOST_DEPENDENCIES = 20;
const ARRAY = { least: 2, most: 10_000 };
const MOST_ATTEMPTS = 10;
const MOST_CONDITIONS = 5;
const LEAST_SECONDS = 60;
const NAME = /^[A-Za-z0-9][A-Za-z0-9_-]{0,127}$/;

/** Refuses what Batch refuses in SubmitJob before it looks at queues and jobs. */
export function checkSubmission(submission: Submission, bytes: number): void {
  const { jobName, arrayProperties, dependsOn = [], retryStrategy, timeout, containerOverrides } = submission;
  demand(bytes <= MOST_PAYLOAD_BYTES, `SubmitJob payload of ${bytes} bytes exceeds ${MOST_PAYLOAD_BYTES} bytes`);
  demand(typeof jobName === 'string' && NAME.test(jobName), `jobName "${jobName}" is not valid`);
  demand(typeof submission.jobQueue === 'string', 'jobQueue must be set');
  demand(typeof submission.jobDefinition === 'string', 'jobDefinition must be set');
  const size = arrayProperties?.size;
  if (arrayProperties !== undefined) {
    demand(
      Number.isInteger(size) && Number(size) >= ARRAY.least && Number(size) <= ARRAY.most,
      `arrayProperties.size ${size} must be between ${ARRAY.least} and ${ARRAY.most}`,
    );
  }
  demand(dependsOn.length <= MOST_DEPENDENCIES, `a job depends on at most ${MOST_DEPENDENCIES} jobs`);
  for (const { jobId, type } of dependsOn) {
    demand(jobId !== undefined || type === 'SEQUENTIAL', 'a dependency names a job');
    demand(type === undefined || arrayProperties !== undefined, `the dependency type ${type} is for array jobs`);
  }
  checkRetries(retryStrategy);
  demand(
    timeout?.attemptDurationSeconds === undefined || timeout.attemptDurationSeconds >= LEAST_SECONDS,
    `timeout.attemptDurationSeconds must be at least ${LEAST_SECONDS}`,
  );
  for (const requirement of containerOverrides?.resourceRequirements ?? []) checkRequirement(requirement);
}

export function checkRetries(strategy: RetryStrategy | undefined): void {
  const { attempts = 1, evaluateOnExit = [] } = strategy ?? {};
  demand(attempts >= 1 && attempts <= MOST_ATTEMPTS, `retryStrategy.attempts must be between 1 and ${MOST_ATTEMPTS}`);
  demand(evaluateOnExit.length <= MOST_CONDITIONS, `evaluateOnExit has at most ${MOST_CONDITIONS} conditions`);
  for (const { action, onExitCode } of evaluateOnExit) {
    demand(/^(retry|exit)$/i.test(action), `action "${action}" must be RETRY or EXIT`);
    demand(onExitCode === undefined || /^[0-9]*\*?$/.test(onExitCode), `onExitCode "${onExitCode}" is not valid`);
  }
}

function checkRequirement({ type, value }: ResourceRequirement): void {
  demand(type === 'VCPU' || type === 'MEMORY' || type === 'GPU', `resource requirement "${type}" is unknown`);
  const number = Number(value);
  demand(typeof value === 'string' && number > 0, `resource requirement ${type} "${value}" must be positive`);
  demand(type === 'VCPU' || Number.isInteger(number), `resource requirement ${type} "${value}" must be an integer`);
}
