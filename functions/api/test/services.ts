import { randomBytes, randomUUID } from 'node:crypto';
import { registerEvaluation } from '@hubfuse/evaluate';
import { registerMethods } from '@hubfuse/merge';
import { openStore, registerStorePublishers, registerStores } from '@hubfuse/objects';
import { type Launcher, Registry } from '@hubfuse/plugin';
import { registerLaunchers } from '@hubfuse/runs';
import { MasterKey, openServices } from '@hubfuse/service';
import type { createApp } from '../src/app.ts';
import { type ApiServices, DEFAULT_BOUNDS } from '../src/services.ts';

/** Services over memory, with a Hub that does not exist; every test has its own. */
export async function testServices(options: Partial<ApiServices> = {}): Promise<ApiServices> {
  const registry = new Registry();
  await registerStores(registry);
  await registerStorePublishers(registry);
  await registerMethods(registry);
  await registerEvaluation(registry);
  await registerLaunchers(registry);
  const hub = options.hub ?? { hubUrl: 'http://127.0.0.1:9', cacheDir: '/nowhere', retry: { attempts: 1 } };
  const services = openServices({
    store: await openStore(`memory:${randomUUID()}`, registry),
    registry,
    hub,
    master: new MasterKey(randomBytes(32)),
  });
  return {
    ...services,
    launcher: registry.list('launcher')[0] as Launcher,
    webhookSecret: 'sesame',
    publicUrl: 'https://hubfuse.example',
    bounds: DEFAULT_BOUNDS,
    loopback: true,
    cors: [],
    dashboard: new Map(),
    docs: new Map(),
    stopping: new AbortController().signal,
    ...options,
  };
}

/** Makes a key of the services; returns what callers send. */
export async function makeKey(
  { keys }: ApiServices,
  settings: { name?: string; scopes?: readonly string[]; namespaces?: readonly string[]; runsPerDay?: number } = {},
): Promise<string> {
  return (await keys.create({ name: 'test', scopes: ['read'], ...settings })).key;
}

/** An answer with its body read. */
export interface Answer {
  status: number;
  headers: Headers;
  type: string;
  body: Record<string, unknown>;
  text: string;
}

/** Asks an app as somebody on this machine would. */
export async function ask(app: ReturnType<typeof createApp>, path: string, init: RequestInit = {}): Promise<Answer> {
  const response = await app.request(`http://127.0.0.1:8080${path}`, init);
  const text = await response.text();
  const type = response.headers.get('content-type') ?? '';
  const body = (/json/.test(type) && text !== '' ? JSON.parse(text) : {}) as Record<string, unknown>;
  return { status: response.status, headers: response.headers, type, body, text };
}

export const bearer = (key: string): Record<string, string> => ({ authorization: `Bearer ${key}` });
