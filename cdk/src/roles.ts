import { Stack } from 'aws-cdk-lib';
import { ManagedPolicy, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { grantStore } from './access.ts';
import { acknowledge } from './acknowledge.ts';

/** Who a job is: its container, what starts it, and the instance below. */
export class JobRoles extends Construct {
  /** Of the worker itself. */
  readonly job: Role;
  /** Of the agent that pulls the image, reads secrets and writes logs. */
  readonly execution: Role;
  readonly instance: Role;

  constructor(
    scope: Construct,
    id: string,
    props: { readonly bucket: IBucket; readonly publishBuckets: readonly IBucket[] },
  ) {
    super(scope, id);
    const task = new ServicePrincipal('ecs-tasks.amazonaws.com');
    this.job = new Role(this, 'Job', { assumedBy: task, description: 'A run of hubfuse' });
    grantStore(this.job, props.bucket);
    for (const bucket of props.publishBuckets) {
      bucket.grantPut(this.job);
      bucket.grantRead(this.job);
    }
    acknowledge(this.job, 'AwsSolutions-IAM5', 'objects of the store have keys that are made at run time', [
      `Resource::<${Stack.of(this).getLogicalId(props.bucket.node.defaultChild as never)}.Arn>/hubfuse/*`,
    ]);
    this.execution = new Role(this, 'Execution', { assumedBy: task, description: 'Starts runs of hubfuse' });
    this.instance = new Role(this, 'Instance', {
      assumedBy: new ServicePrincipal('ec2.amazonaws.com'),
      description: 'Machines of hubfuse',
      managedPolicies: [ManagedPolicy.fromAwsManagedPolicyName('service-role/AmazonEC2ContainerServiceforEC2Role')],
    });
    acknowledge(this.instance, 'AwsSolutions-IAM4', 'what the agent of ECS needs is what AWS keeps in this policy', [
      'Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AmazonEC2ContainerServiceforEC2Role',
    ]);
  }
}
