import { DefaultStackSynthesizer, Stack } from 'aws-cdk-lib';
import type { LogGroup } from 'aws-cdk-lib/aws-logs';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import { acknowledge } from './acknowledge.ts';
import type { ApiFunction } from './api-function.ts';
import type { DispatchFunction } from './dispatch-function.ts';
import type { JobRoles } from './roles.ts';

/** Why the roles of the service hold the wildcards that they hold: each is a name that is made at run time. */
export function acknowledgeAccess(on: {
  readonly api: ApiFunction;
  readonly dispatch: DispatchFunction;
  readonly roles: JobRoles;
  readonly bucket: Bucket;
  readonly workerLogs: LogGroup;
}): void {
  const stack = Stack.of(on.bucket);
  const idOf = (construct: Construct) => stack.getLogicalId(construct.node.defaultChild as never);
  acknowledge(on.roles.execution, 'AwsSolutions-IAM5', 'ecr:GetAuthorizationToken takes no resource', ['Resource::*']);
  acknowledge(
    on.api.function.endpoint,
    '@aws-cdk/aws-lambda:webFunctionPublicEndpoint',
    'the app checks a key, a session or the secret of the webhook on every route but its health and its pages',
  );
  acknowledgeCodeBucket(stack);
  for (const { role } of [on.api, on.dispatch]) {
    acknowledge(role, 'AwsSolutions-IAM5', 'objects of the store have keys that are made at run time', [
      `Resource::<${idOf(on.bucket)}.Arn>/hubfuse/*`,
    ]);
    acknowledge(role, 'AwsSolutions-IAM5', 'DescribeJobs takes no resource', ['Resource::*']);
    acknowledge(role, 'AwsSolutions-IAM5', 'Batch names jobs when they are submitted', [
      'Resource::arn:<AWS::Partition>:batch:<AWS::Region>:<AWS::AccountId>:job/*',
    ]);
    acknowledge(role, 'AwsSolutions-IAM5', 'every attempt of a job has a log stream of its own', [
      `Resource::<${idOf(on.workerLogs)}.Arn>:log-stream:*`,
    ]);
  }
}

/** The bucket and the function by which CDK brings the code of a Web Function to where it is taken from. */
function acknowledgeCodeBucket(stack: Stack): void {
  const copying = 'the function of CDK that copies the code once per deployment; its policies are written by CDK';
  for (const child of stack.node.children) {
    if (child.node.id === 'AWSCDKWebFunctionAssetBucket') {
      acknowledge(child, 'AwsSolutions-S1', 'it holds bundles of code, which the deployment alone writes and reads');
    }
    if (!child.node.id.startsWith('Custom::S3ObjectCopy')) continue;
    acknowledge(child, 'AwsSolutions-IAM4', copying, [
      'Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole',
    ]);
    const bucket = stack.node.tryFindChild('AWSCDKWebFunctionAssetBucket');
    const qualifier = DefaultStackSynthesizer.DEFAULT_QUALIFIER;
    acknowledge(child, 'AwsSolutions-IAM5', copying, [
      `Resource::arn:<AWS::Partition>:s3:::cdk-${qualifier}-assets-<AWS::AccountId>-<AWS::Region>/*`,
      'Action::s3:Abort*',
      'Action::s3:DeleteObject*',
      ...(bucket === undefined
        ? []
        : [`Resource::<${stack.getLogicalId(bucket.node.defaultChild as never)}.Arn>/web-function/*`]),
    ]);
  }
}
