import { type Duration, Size, Stack } from 'aws-cdk-lib';
import {
  Action,
  EcsEc2ContainerDefinition,
  EcsJobDefinition,
  EcsVolume,
  LinuxParameters,
  Reason,
  Secret,
  TmpfsMountOption,
} from 'aws-cdk-lib/aws-batch';
import { type ContainerImage, LogDriver } from 'aws-cdk-lib/aws-ecs';
import type { Role } from 'aws-cdk-lib/aws-iam';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { Machine } from './machine.ts';
import { SCRATCH, WORKER_UID } from './scratch-template.ts';
import type { ServiceSecrets } from './service-secrets.ts';

/** Of a worker that gave its run back, and of one that SIGTERM ended before it listened. */
const RESUMABLE_EXIT_CODES = ['75', '143'] as const;
/** The most that Batch allows: each spot reclaim is one attempt. */
const ATTEMPTS = 10;

export interface WorkerJobProps {
  readonly image: ContainerImage;
  readonly machine: Machine;
  readonly storeUrl: string;
  readonly hubUrl?: string;
  readonly secrets: ServiceSecrets;
  readonly jobRole: Role;
  readonly executionRole: Role;
  readonly logGroup: ILogGroup;
  /** The longest attempt. */
  readonly timeout: Duration;
}

/** What a job runs: the worker's image, read-only and not as root, with the machine's disks as scratch. */
export class WorkerJob extends Construct {
  readonly definition: EcsJobDefinition;

  constructor(scope: Construct, id: string, props: WorkerJobProps) {
    super(scope, id);
    const { image, machine, storeUrl, hubUrl, secrets, jobRole, executionRole, logGroup, timeout } = props;
    const linuxParameters = new LinuxParameters(this, 'Linux', {
      initProcessEnabled: true,
      sharedMemorySize: Size.mebibytes(1024),
    });
    linuxParameters.addTmpfs({
      containerPath: '/tmp',
      size: Size.mebibytes(512),
      mountOptions: [TmpfsMountOption.NOSUID, TmpfsMountOption.NODEV],
    });
    const retry = (on: Reason) => ({ action: Action.RETRY, on });
    this.definition = new EcsJobDefinition(this, 'Definition', {
      propagateTags: true,
      timeout,
      retryAttempts: ATTEMPTS,
      // The first that matches decides, and what matches none would be tried again.
      retryStrategies: [
        retry(Reason.SPOT_INSTANCE_RECLAIMED),
        retry(Reason.CANNOT_PULL_CONTAINER),
        ...RESUMABLE_EXIT_CODES.map((onExitCode) => retry(Reason.custom({ onExitCode }))),
        { action: Action.EXIT, on: Reason.custom({ onReason: '*' }) },
      ],
      container: new EcsEc2ContainerDefinition(this, 'Container', {
        image,
        // The launcher puts what the plan needs in the place of these.
        cpu: machine.vcpus,
        memory: Size.gibibytes(machine.memoryGiB),
        ...(machine.gpu === undefined ? {} : { gpu: machine.gpu.count }),
        command: ['worker', '--help'],
        user: String(WORKER_UID),
        readonlyRootFilesystem: true,
        linuxParameters,
        jobRole,
        executionRole,
        logging: LogDriver.awsLogs({ streamPrefix: 'worker', logGroup }),
        environment: {
          HUBFUSE_STORE: storeUrl,
          HUBFUSE_HOME: `${SCRATCH}/hubfuse`,
          HF_HOME: `${SCRATCH}/huggingface`,
          HOME: SCRATCH,
          AWS_REGION: Stack.of(this).region,
          ...(hubUrl === undefined ? {} : { HF_ENDPOINT: hubUrl }),
        },
        secrets: {
          HF_TOKEN: Secret.fromSecretsManager(secrets.hubToken, 'token'),
          HUBFUSE_MASTER_KEY: Secret.fromSecretsManager(secrets.masterKey),
        },
        volumes: [EcsVolume.host({ name: 'scratch', containerPath: SCRATCH, hostPath: SCRATCH })],
      }),
    });
  }
}
