import { UsageError } from '@hubfuse/plugin';
import type { LambdaEnvironment } from './environment.ts';

/** What only the secrets manager holds. */
export interface LambdaSecrets {
  masterKey: string;
  webhook: string;
  /** Undefined where nobody has put one there yet. */
  hubToken: string | undefined;
}

/** Reads the secrets of the stack, all at once. @throws UsageError `service/no-secret` */
export async function readSecrets({ secrets }: LambdaEnvironment): Promise<LambdaSecrets> {
  const { GetSecretValueCommand, SecretsManagerClient } = await import('@aws-sdk/client-secrets-manager');
  const client = new SecretsManagerClient({});
  const read = async (name: string): Promise<string> => {
    const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId: name }));
    if (SecretString !== undefined && SecretString !== '') return SecretString;
    throw new UsageError({ code: 'service/no-secret', where: name, message: 'the secret holds no text' });
  };
  try {
    const [masterKey, webhook, hub] = await Promise.all([
      read(secrets.masterKey),
      read(secrets.webhook),
      read(secrets.hubToken),
    ]);
    return { masterKey, webhook, hubToken: tokenIn(hub, secrets.hubToken) };
  } finally {
    client.destroy();
  }
}

/** `{"token": "hf_..."}`; an empty token counts as none. */
function tokenIn(text: string, where: string): string | undefined {
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    content = undefined;
  }
  const token = (content as { token?: unknown } | undefined)?.token;
  if (typeof token === 'string') return token === '' ? undefined : token;
  throw new UsageError({
    code: 'service/no-secret',
    where,
    message: 'the secret is no {"token": "hf_..."}',
    hint: 'put one there, or {"token": ""} for none',
  });
}
