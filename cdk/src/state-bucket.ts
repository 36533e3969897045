import { Duration, type RemovalPolicy } from 'aws-cdk-lib';
import {
  BlockPublicAccess,
  Bucket,
  BucketEncryption,
  type CfnBucket,
  ObjectOwnership,
  StorageClass,
} from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { STORE_PREFIX } from './access.ts';
import { acknowledge } from './acknowledge.ts';

export interface StateBucketProps {
  /** Days after which what old runs left is removed. */
  readonly keepRunsDays: number;
  /** What becomes of the bucket when the stack is deleted. */
  readonly removalPolicy: RemovalPolicy;
}

/** All state: runs, recipes, keys, inbox. Everything that the service knows lies here. */
export class StateBucket extends Construct {
  readonly bucket: Bucket;
  /** Address of the store in it. */
  readonly storeUrl: string;

  constructor(scope: Construct, id: string, props: StateBucketProps) {
    super(scope, id);
    this.bucket = new Bucket(this, 'Bucket', {
      encryption: BucketEncryption.S3_MANAGED,
      versioned: true,
      enforceSSL: true,
      minimumTLSVersion: 1.2,
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      removalPolicy: props.removalPolicy,
      autoDeleteObjects: false,
      lifecycleRules: [
        { id: 'unfinished-uploads', abortIncompleteMultipartUploadAfter: Duration.days(2) },
        // A state object is replaced with every heartbeat; its versions only help against mistakes of the last days.
        { id: 'old-versions', noncurrentVersionExpiration: Duration.days(7), expiredObjectDeleteMarker: true },
        { id: 'scratch', prefix: 'hubfuse/scratch/', expiration: Duration.days(3) },
        {
          id: 'old-runs',
          prefix: 'hubfuse/runs/',
          expiration: Duration.days(props.keepRunsDays),
          transitions: [{ storageClass: StorageClass.INTELLIGENT_TIERING, transitionAfter: Duration.days(30) }],
        },
      ],
    });
    // The property of the construct would bring a function of its own along.
    (this.bucket.node.defaultChild as CfnBucket).notificationConfiguration = {
      eventBridgeConfiguration: { eventBridgeEnabled: true },
    };
    this.storeUrl = `s3://${this.bucket.bucketName}/${STORE_PREFIX}`;
    acknowledge(
      this.bucket,
      'AwsSolutions-S1',
      'access logs would double the requests of a bucket whose every object is written by two roles of this stack; CloudTrail data events serve whoever needs an audit',
    );
  }
}
