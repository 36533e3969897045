import { getJson } from '@hubfuse/objects';
import type { ObjectStore } from '@hubfuse/plugin';
import { changeJson } from '../store/change-json.ts';
import { isHolderGone } from '../store/holder.ts';
import { serviceKeys } from '../store/keys-of-store.ts';

/** Says which dispatcher looks after a run, and what it knows of the job. */
export interface RunClaim {
  /** Of a dispatcher; empty: nobody's. */
  holder: string;
  /** Milliseconds since 1970: after that another dispatcher may take it. */
  until: number;
  launcher?: string;
  /** The launcher's name of the job. */
  handle?: string;
  /** Jobs in a row that ended without bringing the run any further. */
  failures: number;
  /** Phases that were done when the last job was submitted. */
  phasesDone: number;
  /** Milliseconds since 1970: no new job before then. */
  notBefore: number;
}

const EMPTY: RunClaim = { holder: '', until: 0, failures: 0, phasesDone: 0, notBefore: 0 };

/** Whether another dispatcher looks after a run, as far as can be known. */
export function isHeldByOther(claim: RunClaim, { holder, now }: { holder: string; now: number }): boolean {
  return claim.holder !== holder && claim.until > now && !isHolderGone(claim.holder);
}

/**
 * Takes a run for a dispatcher, or renews it. A run has one dispatcher at a time; that two jobs for one run do no harm is the
 * business of its lease.
 * @returns the claim, or undefined where another dispatcher has it
 */
export async function claimRun(
  store: ObjectStore,
  options: { run: string; holder: string; now: number; forMs: number; change?: (claim: RunClaim) => RunClaim },
): Promise<RunClaim | undefined> {
  const { run, holder, now, forMs, change } = options;
  const changed = await changeJson<RunClaim>({ store, key: serviceKeys.lease(`run-${run}`) }, (found) => {
    const claim = found ?? EMPTY;
    if (isHeldByOther(claim, { holder, now })) return undefined;
    // Renewed only when half of it is over: every renewal is a write.
    const isFresh = claim.holder === holder && claim.until - now > forMs / 2;
    if (isFresh && change === undefined) return undefined;
    return { ...(change?.(claim) ?? claim), holder, until: now + forMs };
  });
  return changed?.value.holder === holder ? changed.value : undefined;
}

/** Lets a run go, so that the next look of any dispatcher may take it. */
export async function releaseRun(
  store: ObjectStore,
  options: { run: string; holder: string; change?: (claim: RunClaim) => RunClaim },
): Promise<void> {
  const { run, holder, change = (claim) => claim } = options;
  await changeJson<RunClaim>({ store, key: serviceKeys.lease(`run-${run}`) }, (claim) =>
    claim?.holder === holder ? { ...change(claim), holder: '', until: 0 } : undefined,
  );
}

export async function readClaim(store: ObjectStore, run: string): Promise<RunClaim> {
  return (await getJson<RunClaim>(store, serviceKeys.lease(`run-${run}`)))?.value ?? EMPTY;
}

/** The run has ended: nobody needs to look after it. */
export async function dropClaim(store: ObjectStore, run: string): Promise<void> {
  await store.delete(serviceKeys.lease(`run-${run}`));
}
