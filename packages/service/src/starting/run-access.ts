import { getJson, toJson } from '@hubfuse/objects';
import type { ObjectStore } from '@hubfuse/plugin';
import { hasNamespace, hasScope, type Key } from '../keys/key.ts';
import { changeJson } from '../store/change-json.ts';
import { serviceKeys } from '../store/keys-of-store.ts';

/** Who may look at a run, beside those who may everything. */
export interface RunAccess {
  /** Id of the key that asked for it. */
  key?: string;
  /** Namespaces whose private repositories it reads: whoever looks at it needs them. */
  namespaces: readonly string[];
  /** It reads with a token of the caller's, so what it shows is the caller's alone. */
  ownToken: boolean;
}

export async function writeAccess(store: ObjectStore, runId: string, access: RunAccess): Promise<void> {
  await store.create(serviceKeys.accessOf(runId), toJson(access));
}

/** From now on the run reads with a token of a caller's, which its results must not be shown without. */
export async function ownRun(store: ObjectStore, runId: string): Promise<void> {
  await changeJson<RunAccess>({ store, key: serviceKeys.accessOf(runId) }, (access) =>
    access?.ownToken === true ? undefined : { namespaces: [], ...access, ownToken: true },
  );
}

/** Undefined for a run that was made by the command. */
export async function readAccess(store: ObjectStore, runId: string): Promise<RunAccess | undefined> {
  return (await getJson<RunAccess>(store, serviceKeys.accessOf(runId)))?.value;
}

/**
 * Whether a key may look at a run: its own and those of public repositories, those of private repositories with their
 * namespaces. Without a key (where none is needed) everything.
 */
export function mayLook(access: RunAccess | undefined, key: Key | undefined): boolean {
  if (key === undefined || access === undefined || hasScope(key, 'admin') || access.key === key.id) return true;
  return !access.ownToken && access.namespaces.every((namespace) => hasNamespace(key, namespace));
}

/** `mayLook` for a run of the store. */
export async function mayReadRun(options: {
  store: ObjectStore;
  runId: string;
  key: Key | undefined;
}): Promise<boolean> {
  const { store, runId, key } = options;
  if (key === undefined || hasScope(key, 'admin')) return true;
  return mayLook(await readAccess(store, runId), key);
}
