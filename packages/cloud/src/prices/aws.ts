import type { Price } from '@hubfuse/plugin';

/**
 * Prices of AWS in us-east-1, Linux. One that has no source and date is from memory, and makes every sum that it enters
 * unverified: compare it with https://aws.amazon.com/ec2/pricing/on-demand/ before you rely on it.
 */
export const AWS_REGION_OF_PRICES = 'us-east-1';

/** An instance type that queues may use. */
export interface InstanceType {
  vcpus: number;
  onDemand: Price;
}

function instance(name: string, vcpus: number, usd: number): [string, InstanceType] {
  return [name, { vcpus, onDemand: { what: `${name}, Linux, on demand`, usd, per: 'hour', ...PRICE_LIST } }];
}

/** Written from the public price list of AWS by the makers of Karpenter, who say in the file when that was. */
const PRICE_LIST = {
  source:
    'https://github.com/aws/karpenter-provider-aws/blob/6fc13b5236fd04fd16ff3f9dc7490d0813994099/pkg/providers/pricing/zz_generated.pricing_aws.go',
  date: '2026-07-20',
} as const;

/**
 * By type. Spot prices are not kept: they change by the hour. Batch pays no more for spot than for on-demand unless it is told to,
 * so sums at these prices are upper bounds.
 */
export const INSTANCES: ReadonlyMap<string, InstanceType> = new Map([
  instance('m6id.xlarge', 4, 0.2373),
  instance('m6id.2xlarge', 8, 0.4746),
  instance('m6id.4xlarge', 16, 0.9492),
  instance('i4i.xlarge', 4, 0.343),
  instance('i4i.2xlarge', 8, 0.686),
  instance('g6.xlarge', 4, 0.8048),
  instance('g6.2xlarge', 8, 0.9776),
  instance('g6e.2xlarge', 8, 2.24208),
  instance('g6e.4xlarge', 16, 3.00424),
]);

/**
 * The public price list of AWS for the region, a file per service. These files are read as public documents quote them that name the
 * file and the day of its publication.
 */
function list(service: string, date: string): Required<Pick<Price, 'source' | 'date' | 'note'>> {
  return {
    source: `https://pricing.us-east-1.amazonaws.com/offers/v1.0/aws/${service}/current/us-east-1/index.json`,
    date,
    note: 'as public documents quote this file',
  };
}

/** S3 Standard. */
const S3 = list('AmazonS3', '2026-05-12');
export const S3_WRITES: Price = { what: 'S3: PUT, COPY, POST, LIST', usd: 0.005, per: '1,000 requests', ...S3 };
export const S3_READS: Price = { what: 'S3: GET and all others', usd: 0.0004, per: '1,000 requests', ...S3 };
export const S3_STORAGE: Price = { what: 'S3 Standard, first 50 TB', usd: 0.023, per: 'GB-month', ...S3 };

/** From a machine or a bucket to the Internet, such as the Hub. What comes in is free, and so are 100 GB a month. */
export const TRANSFER_OUT: Price = {
  ...{ what: 'transfer out to the Internet, first 10 TB a month', usd: 0.09, per: 'GB' },
  ...list('AWSDataTransfer', '2026-07-20'),
};

const LAMBDA = list('AWSLambda', '2026-09-19');
export const LAMBDA_REQUESTS: Price = { what: 'Lambda requests', usd: 0.0002, per: '1,000 requests', ...LAMBDA };
export const LAMBDA_TIME: Price = { what: 'Lambda, x86', usd: 0.0000166667, per: 'GB-second', ...LAMBDA };
export const SECRET: Price = {
  ...{ what: 'a secret of Secrets Manager', usd: 0.4, per: 'month' },
  ...{ source: 'https://aws.amazon.com/secrets-manager/pricing/', date: '2026-09-20' },
};
export const ALARM: Price = {
  ...{ what: 'an alarm of CloudWatch', usd: 0.1, per: 'month' },
  ...list('AmazonCloudWatch', '2026-03-13'),
};
/** No source with a day was found for this one. */
export const DASHBOARD: Price = { what: 'a dashboard of CloudWatch beyond the third', usd: 3, per: 'month' };
