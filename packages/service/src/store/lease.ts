import type { ObjectStore } from '@hubfuse/plugin';
import { changeJson } from './change-json.ts';
import { isHolderGone } from './holder.ts';
import { serviceKeys } from './keys-of-store.ts';

/** Says that somebody does something, for as long as he renews it. */
interface Lease {
  holder: string;
  /** Milliseconds since 1970. */
  until: number;
}

/**
 * Takes or renews a lease. It spares work that several processes would do in vain; nothing may depend on it, because a
 * process that stood still for a while does not know that it lost it.
 * @returns whether the holder has it
 */
export async function takeLease(
  store: ObjectStore,
  lease: { name: string; holder: string; now: number; forMs: number },
): Promise<boolean> {
  const { name, holder, now, forMs } = lease;
  const changed = await changeJson<Lease>({ store, key: serviceKeys.lease(name) }, (found) => {
    if (found !== undefined && found.holder !== holder && found.until > now && !isHolderGone(found.holder)) {
      return undefined;
    }
    // Renewed only when half of it is over: every renewal is a write.
    const isFresh = found?.holder === holder && found.until - now > forMs / 2;
    return isFresh ? undefined : { holder, until: now + forMs };
  });
  return changed?.value.holder === holder;
}

/** Gives a lease back early. */
export async function giveLease(store: ObjectStore, lease: { name: string; holder: string }): Promise<void> {
  await changeJson<Lease>({ store, key: serviceKeys.lease(lease.name) }, (found) =>
    found?.holder === lease.holder ? { holder: lease.holder, until: 0 } : undefined,
  );
}
