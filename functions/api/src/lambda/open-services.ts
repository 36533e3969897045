import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { registerCloudLaunchers } from '@hubfuse/cloud';
import { registerEvaluation } from '@hubfuse/evaluate';
import { registerArchitectures } from '@hubfuse/graphs';
import { hubOptionsFromEnvironment, registerPublishers } from '@hubfuse/hub';
import { registerMethods } from '@hubfuse/merge';
import { openStore, registerStorePublishers, registerStores } from '@hubfuse/objects';
import { type Launcher, Registry } from '@hubfuse/plugin';
import { openServices, parseMasterKey, type Services } from '@hubfuse/service';
import { type LambdaEnvironment, readLambdaEnvironment } from './environment.ts';
import { readSecrets } from './read-secrets.ts';

/** Lambda lets a function write here alone. */
const WORKSPACE = join(tmpdir(), 'hubfuse');

export interface LambdaServices {
  environment: LambdaEnvironment;
  services: Services;
  launcher: Launcher;
  webhookSecret: string;
  /** Folder for scratch files. */
  workspace: string;
}

/** Everything that the functions work with, from what the stack gives them. Neither executes a run. */
export async function openLambdaServices(): Promise<LambdaServices> {
  const environment = readLambdaEnvironment(process.env);
  const registry = new Registry();
  const rooms = [registerStores, registerMethods, registerArchitectures, registerEvaluation, registerPublishers];
  for (const register of [...rooms, registerStorePublishers, registerCloudLaunchers]) await register(registry);
  const secrets = await readSecrets(environment);
  const [store, hub] = await Promise.all([
    openStore(environment.store, registry),
    hubOptionsFromEnvironment({
      cacheDir: join(WORKSPACE, 'hub'),
      ...(secrets.hubToken === undefined ? {} : { token: secrets.hubToken, tokenOrigin: 'the secret of the stack' }),
    }),
  ]);
  return {
    environment,
    services: openServices({
      store,
      registry,
      hub,
      publicUrl: environment.publicUrl,
      master: parseMasterKey(secrets.masterKey, 'the secret of the stack'),
    }),
    launcher: registry.get('launcher', environment.launcher),
    webhookSecret: secrets.webhook,
    workspace: WORKSPACE,
  };
}

/** A line of a function's log. */
export function logLine(level: 'info' | 'warn' | 'error', content: object): void {
  process.stdout.write(`${JSON.stringify({ time: new Date().toISOString(), level, ...content })}\n`);
}
