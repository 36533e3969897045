import type { HubOptions } from '@hubfuse/hub';
import type { ObjectStore, Registry } from '@hubfuse/plugin';
import type { RunLimits } from '@hubfuse/recipe';
import { Keys } from './keys/keys.ts';
import type { MasterKey } from './master-key.ts';
import { StoredRecipes } from './recipes/stored-recipes.ts';
import { SecretStore } from './secret-store.ts';

/** What the functions of this room work with. Any number of processes hold their own over one store. */
export interface Services {
  store: ObjectStore;
  registry: Registry;
  /** The one Hub that is spoken to, with the service's own token. */
  hub: HubOptions;
  keys: Keys;
  recipes: StoredRecipes;
  secrets: SecretStore;
  /** What any run may spend; of these and its own the stricter ones hold. */
  limits: RunLimits;
  /** Whether runs cost anything where they are executed; else dollars of a month are not counted. */
  priced: boolean;
  /** Addresses in S3 (`s3://bucket/prefix`) that runs may publish below. Absent: wherever the credentials reach. */
  s3?: readonly string[] | undefined;
  /** Where people reach the service, for links in comments. Absent: they hold none. */
  publicUrl?: string | undefined;
  /** Milliseconds since 1970. */
  now: () => number;
  /** Tells the dispatcher of this process, where there is one, that there is work. */
  wake: () => void;
}

/** What services are opened with. */
export interface ServiceSettings {
  store: ObjectStore;
  registry: Registry;
  hub: HubOptions;
  /** Peppers the keys and seals tokens: `readMasterKey` or `parseMasterKey`. */
  master: MasterKey;
  /** Default: no limit. */
  limits?: RunLimits | undefined;
  /** False: runs are executed on machines that cost nothing. Default true. */
  priced?: boolean | undefined;
  /** Addresses in S3 that runs may publish below. Default: wherever the credentials reach, but never the store itself. */
  s3?: readonly string[] | undefined;
  /** Where people reach the service, for links in comments. Default: they hold none. */
  publicUrl?: string | undefined;
  /** Stands in for the clock. */
  now?: (() => number) | undefined;
}

export function openServices(settings: ServiceSettings): Services {
  const { store, registry, hub, master, limits = {}, priced = true, s3, publicUrl, now = Date.now } = settings;
  return {
    ...{ store, registry, hub, limits, priced, s3, publicUrl, now },
    keys: new Keys({ store, master, now }),
    recipes: new StoredRecipes({ store, registry, hubUrl: hub.hubUrl, s3, now }),
    secrets: new SecretStore({ store, master }),
    wake: () => undefined,
  };
}
