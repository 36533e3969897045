import { randomUUID } from 'node:crypto';
import { registerEvaluation } from '@hubfuse/evaluate';
import { registerMethods } from '@hubfuse/merge';
import { openStore, registerStorePublishers, registerStores } from '@hubfuse/objects';
import { Registry } from '@hubfuse/plugin';
import type { Principal } from '../src/http/principal.ts';
import { DEFAULT_LIMITS, type Services } from '../src/services.ts';

/** Keys by what callers send. */
export type TestKeys = Readonly<Record<string, Omit<Principal, 'by'>>>;

/** Services over memory, with a Hub that does not exist; every test has its own. */
export async function testServices(
  options: Partial<Omit<Services, 'keys'>> & { keys?: TestKeys } = {},
): Promise<Services> {
  const registry = new Registry();
  await registerStores(registry);
  await registerStorePublishers(registry);
  await registerMethods(registry);
  await registerEvaluation(registry);
  const { keys = {}, ...rest } = options;
  return {
    store: await openStore(`memory:${randomUUID()}`, registry),
    registry,
    hub: { hubUrl: 'http://127.0.0.1:9', cacheDir: '/nowhere', retry: { attempts: 1 } },
    keys: {
      verify: async (key) => (keys[key] === undefined ? undefined : { ...keys[key], by: 'key' }),
      any: async () => Object.keys(keys).length > 0,
      byId: async (id) => {
        const found = Object.values(keys).find(({ key }) => key === id);
        return found && { ...found, by: 'key' };
      },
    },
    limits: DEFAULT_LIMITS,
    loopback: true,
    cors: [],
    dashboard: new Map(),
    docs: new Map(),
    stopping: new AbortController().signal,
    ...rest,
  };
}

export const READER: TestKeys = { hfk_reader: { key: 'r', name: 'reader', scopes: ['read'], namespaces: [] } };
