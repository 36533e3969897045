import { getJson } from '@hubfuse/objects';
import type { ObjectStore } from '@hubfuse/plugin';
import { changeJson } from '../store/change-json.ts';
import { serviceKeys } from '../store/keys-of-store.ts';

interface FormerNames {
  /** Present name, as last heard. */
  name: string;
  names: readonly string[];
}

/** Keeps that a repository had another name, by which recipes may go on calling it. */
export async function noteRename(
  store: ObjectStore,
  rename: { type: 'model' | 'dataset'; from: string; to: string },
): Promise<void> {
  const { type, from, to } = rename;
  const earlier = await formerNames(store, type, from);
  await changeJson<FormerNames>({ store, key: serviceKeys.former(type, to.toLowerCase()) }, (found) => {
    const names = [...new Set([...(found?.names ?? []), ...earlier, from])];
    return names.length === found?.names.length ? undefined : { name: to, names };
  });
}

/** Names that a repository had before this one. */
export async function formerNames(
  store: ObjectStore,
  type: 'model' | 'dataset',
  name: string,
): Promise<readonly string[]> {
  return (await getJson<FormerNames>(store, serviceKeys.former(type, name.toLowerCase())))?.value.names ?? [];
}
