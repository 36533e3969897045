import type { Stack } from 'aws-cdk-lib';
import { type IGrantable, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';
import type { IBucket } from 'aws-cdk-lib/aws-s3';

/** Everything of the service lies below this prefix of its bucket. */
export const STORE_PREFIX = 'hubfuse';

/** Reading, writing and listing objects of a store: nothing that changes the bucket, and no versions. */
export function grantStore(grantee: IGrantable, bucket: IBucket, prefix = STORE_PREFIX): void {
  grantee.grantPrincipal.addToPrincipalPolicy(
    new PolicyStatement({
      actions: ['s3:GetObject', 's3:PutObject', 's3:DeleteObject', 's3:AbortMultipartUpload'],
      resources: [bucket.arnForObjects(`${prefix}/*`)],
    }),
  );
  grantee.grantPrincipal.addToPrincipalPolicy(
    new PolicyStatement({
      actions: ['s3:ListBucket'],
      resources: [bucket.bucketArn],
      conditions: { StringLike: { 's3:prefix': [`${prefix}/*`] } },
    }),
  );
}

/** The ARN of every job: Batch names them when they are submitted. */
export function anyJob(stack: Stack): string {
  return stack.formatArn({ service: 'batch', resource: 'job', resourceName: '*' });
}

/** Asking after jobs and reading their logs. */
export function grantWatching(grantee: IGrantable, stack: Stack, logs: ILogGroup): void {
  grantee.grantPrincipal.addToPrincipalPolicy(
    // DescribeJobs takes no resource.
    new PolicyStatement({ actions: ['batch:DescribeJobs'], resources: ['*'] }),
  );
  grantee.grantPrincipal.addToPrincipalPolicy(
    new PolicyStatement({ actions: ['batch:CancelJob'], resources: [anyJob(stack)] }),
  );
  grantee.grantPrincipal.addToPrincipalPolicy(
    new PolicyStatement({
      actions: ['logs:GetLogEvents'],
      resources: [`${logs.logGroupArn}:log-stream:*`],
    }),
  );
}

/** Submitting the service's jobs to its queues, and nothing else. */
export function grantSubmitting(
  grantee: IGrantable,
  stack: Stack,
  on: { readonly queues: readonly string[]; readonly definitions: readonly string[] },
): void {
  grantee.grantPrincipal.addToPrincipalPolicy(
    new PolicyStatement({ actions: ['batch:SubmitJob'], resources: [...on.queues, ...on.definitions] }),
  );
  grantee.grantPrincipal.addToPrincipalPolicy(
    new PolicyStatement({ actions: ['batch:TagResource'], resources: [anyJob(stack)] }),
  );
}
