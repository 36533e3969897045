import type { Duration } from 'aws-cdk-lib';
import {
  AllocationStrategy,
  EcsMachineImageType,
  JobQueue,
  JobStateTimeLimitActionsAction,
  JobStateTimeLimitActionsReason,
  JobStateTimeLimitActionsState,
  ManagedEc2EcsComputeEnvironment,
} from 'aws-cdk-lib/aws-batch';
import { InstanceType, type LaunchTemplate } from 'aws-cdk-lib/aws-ec2';
import type { Role } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import type { QueueProps } from './machine.ts';
import type { Network } from './network.ts';

export interface SpotFirstQueueProps {
  readonly queue: QueueProps;
  readonly network: Network;
  readonly launchTemplate: LaunchTemplate;
  readonly instanceRole: Role;
  /** For how long a job may wait for a machine that does not come. */
  readonly longestWait: Duration;
}

/** A queue over spot capacity, then on-demand capacity; both are zero while nothing runs. */
export class SpotFirstQueue extends Construct {
  readonly queue: JobQueue;

  constructor(scope: Construct, id: string, props: SpotFirstQueueProps) {
    super(scope, id);
    const { network, launchTemplate, instanceRole, longestWait } = props;
    const { machine, maxVcpus = 64 } = props.queue;
    const environment = (name: string, spot: boolean) =>
      new ManagedEc2EcsComputeEnvironment(this, name, {
        vpc: network.vpc,
        vpcSubnets: { subnets: network.vpc.publicSubnets },
        securityGroups: [network.securityGroup],
        instanceTypes: machine.instanceTypes.map((type) => new InstanceType(type)),
        useOptimalInstanceClasses: false,
        images: [
          {
            imageType:
              machine.gpu === undefined ? EcsMachineImageType.ECS_AL2023 : EcsMachineImageType.ECS_AL2023_NVIDIA,
          },
        ],
        spot,
        allocationStrategy: spot
          ? AllocationStrategy.SPOT_PRICE_CAPACITY_OPTIMIZED
          : AllocationStrategy.BEST_FIT_PROGRESSIVE,
        minvCpus: 0,
        maxvCpus: maxVcpus,
        launchTemplate,
        instanceRole,
        // In place: a replacement would take the queue with it.
        replaceComputeEnvironment: false,
        updateToLatestImageVersion: true,
      });
    const stuck = (reason: JobStateTimeLimitActionsReason) => ({
      action: JobStateTimeLimitActionsAction.CANCEL,
      maxTime: longestWait,
      reason,
      state: JobStateTimeLimitActionsState.RUNNABLE,
    });
    this.queue = new JobQueue(this, 'Queue', {
      priority: 1,
      computeEnvironments: [
        { computeEnvironment: environment('Spot', true), order: 1 },
        { computeEnvironment: environment('OnDemand', false), order: 2 },
      ],
      jobStateTimeLimitActions: [
        stuck(JobStateTimeLimitActionsReason.INSUFFICIENT_INSTANCE_CAPACITY),
        stuck(JobStateTimeLimitActionsReason.COMPUTE_ENVIRONMENT_MAX_RESOURCE),
        stuck(JobStateTimeLimitActionsReason.JOB_RESOURCE_REQUIREMENT),
      ],
    });
  }
}
