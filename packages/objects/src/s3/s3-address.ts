import { StoreError } from '@hubfuse/plugin';
import { checkKey } from '../keys.ts';

/** Where a store lies in S3 and how its endpoint wants to be spoken to. */
export interface S3Address {
  bucket: string;
  /** What every key begins with, with a slash at its end; empty for a whole bucket. */
  prefix: string;
  /** Absent: that of AWS, or what `AWS_ENDPOINT_URL_S3` says. */
  endpoint?: string;
  /** Absent: what the AWS settings of this machine say. */
  region?: string;
  /** The bucket is the first part of the path instead of the host's name. */
  pathStyle?: boolean;
  /**
   * `supported`: every body travels with a checksum. `required`: only where S3 demands one, for endpoints that know no
   * others.
   */
  checksums: 'supported' | 'required';
}

const SETTINGS = ['endpoint', 'region', 'path_style', 'checksums'];

/**
 * Reads `s3://bucket/prefix?endpoint=https://host&region=name&path_style=true&checksums=required`. With an endpoint of its
 * own, path style and no more checksums than required are the defaults, because every such server understands them.
 * @throws StoreError `store/bad-url`.
 */
export function parseS3Url(text: string): S3Address {
  const refuse = (why: string): never => {
    throw new StoreError({
      code: 'store/bad-url',
      message: `"${text}" ${why}`,
      hint: 'write s3://bucket/prefix, and behind a "?" endpoint=, region=, path_style=, checksums=',
    });
  };
  const match = /^s3:\/\/([^/?#]+)(\/[^?#]*)?(?:\?([^#]*))?$/.exec(text);
  const [, bucket = '', path = '', query = ''] = match ?? refuse('is no address in S3');
  if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(bucket)) refuse(`names no bucket: "${bucket}"`);
  const settings = new URLSearchParams(query);
  const strange = [...settings.keys()].find((key) => !SETTINGS.includes(key));
  if (strange !== undefined) refuse(`has the unknown setting "${strange}"`);
  const prefix = path.replace(/^\/|\/$/g, '');
  if (prefix !== '') checkKey(prefix);
  const endpoint = settings.get('endpoint') ?? undefined;
  if (endpoint !== undefined && !/^https?:\/\/[^/]/.test(endpoint)) refuse(`has no usable endpoint: "${endpoint}"`);
  if (endpoint?.includes('@')) refuse('holds a credential, which belongs into the environment');
  const region = settings.get('region') ?? (endpoint === undefined ? undefined : 'us-east-1');
  const own = endpoint === undefined ? undefined : 'true';
  const pathStyle = choice(settings.get('path_style') ?? own, ['true', 'false'], refuse);
  const checksums = choice(settings.get('checksums') ?? (own && 'required'), ['supported', 'required'], refuse);
  return {
    bucket,
    prefix: prefix === '' ? '' : `${prefix}/`,
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(region === undefined ? {} : { region }),
    ...(pathStyle === undefined ? {} : { pathStyle: pathStyle === 'true' }),
    checksums: checksums ?? 'supported',
  };
}

function choice<T extends string>(
  value: string | undefined,
  choices: readonly T[],
  refuse: (why: string) => never,
): T | undefined {
  if (value === undefined) return undefined;
  return choices.find((known) => known === value) ?? refuse(`says "${value}" where ${choices.join(' or ')} is needed`);
}
