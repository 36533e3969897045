import { Duration } from 'aws-cdk-lib';
import { EventField, Match, Rule, RuleTargetInput, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Architecture, Code, Function as LambdaHandler, Runtime } from 'aws-cdk-lib/aws-lambda';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { STORE_PREFIX } from './access.ts';
import { acknowledge } from './acknowledge.ts';

export interface DispatchFunctionProps {
  /** Folder of the bundle. */
  readonly code: string;
  readonly environment: Record<string, string>;
  readonly logGroup: ILogGroup;
  readonly bucket: IBucket;
  /** ARNs of the queues whose jobs are listened to. */
  readonly queues: readonly string[];
  /** Between two sweeps. */
  readonly sweepEvery: Duration;
}

const RETRIES = { retryAttempts: 4, maxEventAge: Duration.hours(2) };

/**
 * One pass of the dispatcher: submits what waits, takes up runs whose lease expired, works off deliveries, ticks schedules. It is
 * woken by what is written into the store, by jobs that change their state, and by the clock for whatever was lost.
 */
export class DispatchFunction extends Construct {
  readonly role: Role;
  readonly function: LambdaHandler;
  /** What could not be delivered or done, after all retries. */
  readonly deadLetters: Queue;

  constructor(scope: Construct, id: string, props: DispatchFunctionProps) {
    super(scope, id);
    this.deadLetters = new Queue(this, 'DeadLetters', {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
    });
    acknowledge(this.deadLetters, 'AwsSolutions-SQS3', 'it is the dead-letter queue itself');
    this.role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
      description: 'The dispatcher of hubfuse',
    });
    props.logGroup.grantWrite(this.role);
    this.function = new LambdaHandler(this, 'Function', {
      code: Code.fromAsset(props.code),
      handler: 'index.handler',
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      memorySize: 1024,
      timeout: Duration.minutes(5),
      role: this.role,
      environment: props.environment,
      logGroup: props.logGroup,
      deadLetterQueue: this.deadLetters,
      ...RETRIES,
      retryAttempts: 2,
    });
    this.#rules(props);
  }

  #rules({ bucket, queues, sweepEvery }: DispatchFunctionProps): void {
    const target = (why: string, message: Record<string, unknown>) =>
      new LambdaFunction(this.function, {
        event: RuleTargetInput.fromObject({ why, ...message }),
        deadLetterQueue: this.deadLetters,
        ...RETRIES,
      });
    new Rule(this, 'JobChanged', {
      description: 'A job of AWS Batch has ended or begun',
      eventPattern: {
        source: ['aws.batch'],
        detailType: ['Batch Job State Change'],
        detail: { jobQueue: [...queues], status: ['RUNNING', 'SUCCEEDED', 'FAILED'] },
      },
      targets: [
        target('job', {
          job: EventField.fromPath('$.detail.jobId'),
          status: EventField.fromPath('$.detail.status'),
        }),
      ],
    });
    new Rule(this, 'Written', {
      description: 'A run was asked for, or the Hub has sent something',
      eventPattern: {
        source: ['aws.s3'],
        detailType: ['Object Created'],
        detail: {
          bucket: { name: [bucket.bucketName] },
          object: {
            key: [
              ...Match.wildcard(`${STORE_PREFIX}/runs/*/spec.json`),
              ...Match.wildcard(`${STORE_PREFIX}/runs/*/cancel`),
              ...Match.wildcard(`${STORE_PREFIX}/service/inbox/*`),
            ],
          },
        },
      },
      targets: [target('written', { key: EventField.fromPath('$.detail.object.key') })],
    });
    new Rule(this, 'Sweep', {
      description: 'What was lost, and what is due',
      schedule: Schedule.rate(sweepEvery),
      targets: [target('sweep', {})],
    });
  }
}
