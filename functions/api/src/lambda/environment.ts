import { UsageError } from '@hubfuse/plugin';

/** What the functions on Lambda read from the environment, as the stack writes it. The Hub's own variables belong to `@hubfuse/hub`. */
export interface LambdaEnvironment {
  /** `HUBFUSE_STORE`: address of the store that holds all state. */
  store: string;
  /** `HUBFUSE_LAUNCHER`. Default `aws-batch`. */
  launcher: string;
  /** `HUBFUSE_CONCURRENCY`: jobs under way at the same time. Default 100. */
  concurrency: number;
  /** `HUBFUSE_PUBLIC_URL`: where people and the Hub reach the service: webhooks are registered for it, comments link to it. */
  publicUrl: string | undefined;
  /** `AWS_LAMBDA_HTTP_ENDPOINT`: where a Web Function has to listen. Default `127.0.0.1:8787`. */
  listen: { host: string; port: number };
  /** Names of the secrets: `HUBFUSE_MASTER_KEY_SECRET_ARN`, `HUBFUSE_WEBHOOK_SECRET_ARN`, `HUBFUSE_HUB_TOKEN_SECRET_ARN`. */
  secrets: { masterKey: string; webhook: string; hubToken: string };
}

const DEFAULT_ENDPOINT = '127.0.0.1:8787';
const DEFAULT_CONCURRENCY = 100;

/** Reads the variables. An empty one counts as unset. @throws UsageError `service/environment` naming what is missing */
export function readLambdaEnvironment(variables: Readonly<Record<string, string | undefined>>): LambdaEnvironment {
  const value = (name: string) => (variables[name] === '' ? undefined : variables[name]);
  const required = (name: string): string => {
    const found = value(name);
    if (found !== undefined) return found;
    throw new UsageError({
      code: 'service/environment',
      where: name,
      message: 'the variable is not set',
      hint: 'the stack of @hubfuse/cdk sets it',
    });
  };
  const endpoint = value('AWS_LAMBDA_HTTP_ENDPOINT') ?? DEFAULT_ENDPOINT;
  const colon = endpoint.lastIndexOf(':');
  return {
    store: required('HUBFUSE_STORE'),
    launcher: value('HUBFUSE_LAUNCHER') ?? 'aws-batch',
    concurrency: Number(value('HUBFUSE_CONCURRENCY') ?? DEFAULT_CONCURRENCY),
    publicUrl: value('HUBFUSE_PUBLIC_URL'),
    listen: { host: endpoint.slice(0, colon), port: Number(endpoint.slice(colon + 1)) },
    secrets: {
      masterKey: required('HUBFUSE_MASTER_KEY_SECRET_ARN'),
      webhook: required('HUBFUSE_WEBHOOK_SECRET_ARN'),
      hubToken: required('HUBFUSE_HUB_TOKEN_SECRET_ARN'),
    },
  };
}
