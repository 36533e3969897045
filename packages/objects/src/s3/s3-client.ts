import type { S3Client } from '@aws-sdk/client-s3';
import { hushSdk } from '../environment.ts';
import type { S3Address } from './s3-address.ts';

/** A client for one address and the commands it takes: the SDK is loaded when the first store of S3 is opened. */
export interface S3Access {
  client: S3Client;
  sdk: typeof import('@aws-sdk/client-s3');
}

/** How often the SDK sends a request that failed for a reason that passes. */
const ATTEMPTS = 5;
const CONNECT_MS = 10_000;
/** For so long a connection may stand still. The SDK's limit for a whole request would only write a warning. */
const IDLE_MS = 60_000;

/** Credentials are those of the SDK's own chain: environment, shared files, roles. */
export async function openS3(address: S3Address): Promise<S3Access> {
  hushSdk();
  const sdk = await import('@aws-sdk/client-s3');
  const { endpoint, region, pathStyle, checksums } = address;
  const mode = checksums === 'required' ? 'WHEN_REQUIRED' : 'WHEN_SUPPORTED';
  const client = new sdk.S3Client({
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(region === undefined ? {} : { region }),
    ...(pathStyle === undefined ? {} : { forcePathStyle: pathStyle }),
    requestChecksumCalculation: mode,
    responseChecksumValidation: mode,
    maxAttempts: ATTEMPTS,
    requestHandler: { connectionTimeout: CONNECT_MS, socketTimeout: IDLE_MS },
  });
  return { client, sdk };
}
