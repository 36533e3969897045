import { fileURLToPath } from 'node:url';
import { CfnOutput, Duration, RemovalPolicy, Stack, Tags } from 'aws-cdk-lib';
import type { IVpc } from 'aws-cdk-lib/aws-ec2';
import type { ContainerImage } from 'aws-cdk-lib/aws-ecs';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Bucket, IBucket } from 'aws-cdk-lib/aws-s3';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import { grantStore, grantSubmitting, grantWatching } from './access.ts';
import { acknowledgeAccess } from './acknowledge-access.ts';
import { ApiFunction } from './api-function.ts';
import { DispatchFunction } from './dispatch-function.ts';
import { SpotFirstQueue } from './job-queue.ts';
import { DEFAULT_QUEUES, type QueueProps } from './machine.ts';
import { Monitoring } from './monitoring.ts';
import { Network } from './network.ts';
import { JobRoles } from './roles.ts';
import { scratchTemplate } from './scratch-template.ts';
import { ServiceSecrets } from './service-secrets.ts';
import { StateBucket } from './state-bucket.ts';
import { WorkerJob } from './worker-job.ts';

const GIB = 2 ** 30;

/** Images of the worker: `functions/worker/Dockerfile` makes both. */
export interface WorkerImages {
  /** Variant `cpu`. */
  readonly cpu: ContainerImage;
  /** Variant `cuda`. */
  readonly gpu: ContainerImage;
}

export interface HubfuseServiceProps {
  readonly workerImages: WorkerImages;
  /** Folder of the API's bundle. Default: the one that comes with this package. */
  readonly apiCode?: string;
  /** Folder of the dispatcher's bundle. Default: the one that comes with this package. */
  readonly dispatchCode?: string;
  /** Default: one queue of processors and one of GPUs, each in two sizes. */
  readonly queues?: readonly QueueProps[];
  /** Where jobs run; it needs public subnets. Default: a network of its own without NAT gateway. */
  readonly vpc?: IVpc;
  /** Secret whose field `token` is the service's token of the Hub. Default: an empty one to put a token into. */
  readonly hubToken?: ISecret;
  /** Default: https://huggingface.co. */
  readonly hubUrl?: string;
  /**
   * Address at which people and the Hub reach the service: a domain of yours that leads to `url`, or that address itself, which is known
   * after the first deployment alone. It registers webhooks and stands in comments. Default: webhooks are registered by hand.
   */
  readonly publicUrl?: string;
  /** Buckets that recipes may publish models to. Default: none. */
  readonly publishBuckets?: readonly IBucket[];
  /** The longest attempt of a run. Default 24 hours. */
  readonly runTimeout?: Duration;
  /** For how long a run may wait for a machine. Default 4 hours. */
  readonly longestWait?: Duration;
  /** Days after which old runs are removed. Default 180. */
  readonly keepRunsDays?: number;
  /** Between two sweeps for what was lost and what is due. Default 5 minutes. */
  readonly sweepEvery?: Duration;
  /** Environments of the API that serve at once. Default 10. */
  readonly maxApiEnvironments?: number;
  /** Default: one month. */
  readonly logRetention?: RetentionDays;
  /** What becomes of bucket and secrets with the stack. Default: they stay. */
  readonly removalPolicy?: RemovalPolicy;
  /** Told of alarms. Default: nobody. */
  readonly alarmTopic?: ITopic;
  /** Mails where a month's costs come near it. Default: no budget. */
  readonly budget?: { readonly monthlyUsd: number; readonly email: string };
  /** Value of the tag `hubfuse` on everything, for cost reports. Default: the path of this construct. */
  readonly costTag?: string;
}

/**
 * The service in an account of AWS: API, dispatcher, queues of spot and on-demand machines, and the bucket that holds all state.
 * Nothing runs while nobody asks for anything.
 */
export class HubfuseService extends Construct {
  readonly bucket: Bucket;
  readonly secrets: ServiceSecrets;
  /** Address of the API. */
  readonly url: string;
  /** Value of `HUBFUSE_BATCH` for the launcher `aws-batch`. */
  readonly batchConfiguration: string;
  readonly monitoring: Monitoring;

  constructor(scope: Construct, id: string, props: HubfuseServiceProps) {
    super(scope, id);
    const stack = Stack.of(this);
    const removalPolicy = props.removalPolicy ?? RemovalPolicy.RETAIN;
    const costTag = props.costTag ?? this.node.path.replaceAll('/', '-');
    const logs = (name: string) =>
      new LogGroup(this, name, {
        retention: props.logRetention ?? RetentionDays.ONE_MONTH,
        removalPolicy: RemovalPolicy.DESTROY,
      });
    const [workerLogs, apiLogs, dispatchLogs] = [logs('WorkerLogs'), logs('ApiLogs'), logs('DispatchLogs')];

    const state = new StateBucket(this, 'State', { keepRunsDays: props.keepRunsDays ?? 180, removalPolicy });
    this.bucket = state.bucket;
    this.secrets = new ServiceSecrets(this, 'Secrets', {
      removalPolicy,
      ...(props.hubToken === undefined ? {} : { hubToken: props.hubToken }),
    });
    const network = new Network(this, 'Network', props.vpc === undefined ? {} : { vpc: props.vpc });
    const roles = new JobRoles(this, 'Roles', { bucket: this.bucket, publishBuckets: props.publishBuckets ?? [] });
    const launchTemplate = scratchTemplate(this, 'Machines');

    const queues = (props.queues ?? DEFAULT_QUEUES).map((queue) => {
      const { queue: jobs } = new SpotFirstQueue(this, `Queue-${queue.name}`, {
        ...{ queue, network, launchTemplate, instanceRole: roles.instance },
        longestWait: props.longestWait ?? Duration.hours(4),
      });
      const { definition } = new WorkerJob(this, `Job-${queue.name}`, {
        image: queue.machine.gpu === undefined ? props.workerImages.cpu : props.workerImages.gpu,
        machine: queue.machine,
        storeUrl: state.storeUrl,
        secrets: this.secrets,
        jobRole: roles.job,
        executionRole: roles.execution,
        logGroup: workerLogs,
        timeout: props.runTimeout ?? Duration.hours(24),
        ...(props.hubUrl === undefined ? {} : { hubUrl: props.hubUrl }),
      });
      return { ...queue, arn: jobs.jobQueueArn, definition: definition.jobDefinitionArn };
    });
    this.batchConfiguration = stack.toJsonString({
      logGroup: workerLogs.logGroupName,
      queues: queues.map(({ arn, definition, machine }) => ({
        name: arn,
        jobDefinition: definition,
        instanceTypes: [...machine.instanceTypes],
        vcpus: machine.vcpus,
        memory: machine.memoryGiB * GIB,
        scratch: machine.scratchGiB * GIB,
        ...(machine.gpu === undefined
          ? {}
          : {
              gpu: { family: machine.gpu.family, count: machine.gpu.count, memory: machine.gpu.memoryGiB * GIB },
            }),
      })),
    });

    const environment = {
      HUBFUSE_STORE: state.storeUrl,
      HUBFUSE_BATCH: this.batchConfiguration,
      HUBFUSE_LAUNCHER: 'aws-batch',
      // Names of secrets, and no secrets: the functions read them when they start.
      HUBFUSE_HUB_TOKEN_SECRET_ARN: this.secrets.hubToken.secretArn,
      HUBFUSE_WEBHOOK_SECRET_ARN: this.secrets.webhook.secretArn,
      HUBFUSE_MASTER_KEY_SECRET_ARN: this.secrets.masterKey.secretArn,
      ...(props.hubUrl === undefined ? {} : { HF_ENDPOINT: props.hubUrl }),
      ...(props.publicUrl === undefined ? {} : { HUBFUSE_PUBLIC_URL: props.publicUrl }),
    };
    const api = new ApiFunction(this, 'Api', {
      stack,
      code: props.apiCode ?? fileURLToPath(new URL('../bundles/api', import.meta.url)),
      environment,
      logGroup: apiLogs,
      maxEnvironments: props.maxApiEnvironments ?? 10,
    });
    const dispatch = new DispatchFunction(this, 'Dispatch', {
      code: props.dispatchCode ?? fileURLToPath(new URL('../bundles/dispatch', import.meta.url)),
      environment,
      logGroup: dispatchLogs,
      bucket: this.bucket,
      queues: queues.map(({ arn }) => arn),
      sweepEvery: props.sweepEvery ?? Duration.minutes(5),
    });
    for (const role of [api.role, dispatch.role]) {
      grantStore(role, this.bucket);
      grantWatching(role, stack, workerLogs);
      for (const secret of [this.secrets.hubToken, this.secrets.webhook, this.secrets.masterKey])
        secret.grantRead(role);
    }
    grantSubmitting(dispatch.role, stack, {
      queues: queues.map(({ arn }) => arn),
      definitions: queues.map(({ definition }) => definition),
    });
    this.url = api.url;
    this.monitoring = new Monitoring(this, 'Monitoring', {
      dispatch,
      workerLogs,
      apiLogs,
      costTag,
      ...(props.alarmTopic === undefined ? {} : { alarmTopic: props.alarmTopic }),
      ...(props.budget === undefined ? {} : { budget: props.budget }),
    });
    acknowledgeAccess({ api, dispatch, roles, bucket: this.bucket, workerLogs });
    Tags.of(this).add('hubfuse', costTag);
    new CfnOutput(this, 'Url', { value: this.url, description: 'Address of the API and the dashboard' });
    new CfnOutput(this, 'Store', { value: state.storeUrl, description: 'Store of the service, for the command' });
    new CfnOutput(this, 'Batch', { value: this.batchConfiguration, description: 'HUBFUSE_BATCH, for the command' });
    new CfnOutput(this, 'HubTokenSecret', {
      value: this.secrets.hubToken.secretArn,
      description: 'Put {"token": "hf_..."} here',
    });
    new CfnOutput(this, 'WebhookSecret', {
      value: this.secrets.webhook.secretArn,
      description: 'What webhooks of the Hub have to send',
    });
  }
}
