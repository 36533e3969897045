export interface KeyValue {
  name: string;
  value: string;
}

export interface ResourceRequirement {
  type: 'VCPU' | 'MEMORY' | 'GPU';
  value: string;
}

/** One condition of a retry strategy; patterns may end with `*`. */
export interface EvaluateOnExit {
  onStatusReason?: string;
  onReason?: string;
  onExitCode?: string;
  action: string;
}

export interface RetryStrategy {
  attempts?: number;
  evaluateOnExit?: readonly EvaluateOnExit[];
}

/** What the double knows under a name; a request may name it with or without a revision. */
export interface JobDefinition {
  name: string;
  /** Put before the job's own command. */
  entrypoint: readonly string[];
  command?: readonly string[];
  environment?: Readonly<Record<string, string>>;
  resourceRequirements?: readonly ResourceRequirement[];
  retryStrategy?: RetryStrategy;
  timeout?: { attemptDurationSeconds: number };
}

export interface JobQueue {
  name: string;
  /** Attempts that run at the same time; others wait as RUNNABLE. Default: any number. */
  slots?: number;
}

/** The body of SubmitJob, as far as the double reads it. */
export interface Submission {
  jobName: string;
  jobQueue: string;
  jobDefinition: string;
  arrayProperties?: { size?: number };
  dependsOn?: readonly { jobId?: string; type?: 'N_TO_N' | 'SEQUENTIAL' }[];
  containerOverrides?: {
    command?: readonly string[];
    environment?: readonly KeyValue[];
    resourceRequirements?: readonly ResourceRequirement[];
  };
  retryStrategy?: RetryStrategy;
  timeout?: { attemptDurationSeconds?: number };
  tags?: Readonly<Record<string, string>>;
}

export type JobStatus = 'SUBMITTED' | 'PENDING' | 'RUNNABLE' | 'STARTING' | 'RUNNING' | 'SUCCEEDED' | 'FAILED';

/** One attempt as DescribeJobs shows it. */
export interface Attempt {
  container: { exitCode?: number; reason?: string; logStreamName: string; taskArn: string };
  startedAt: number;
  stoppedAt?: number;
  statusReason?: string;
}
