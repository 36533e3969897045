import { HubError } from '@hubfuse/plugin';
import { pageAddress } from '../addresses.ts';
import { MANIFEST_FILE, type Manifest, manifestDigest } from '../manifest.ts';
import { newestCommits, type PublishTarget, readManifestAt, readState, type TargetState } from '../publish-target.ts';
import type { Transport } from '../transport.ts';

/** How far back a branch's history is searched. */
const MAX_COMMITS = 500;

/** A publication and what it put in the place of. */
export interface ReplacedPublication {
  /** The branch as it is now: exactly as the publication left it. */
  present: TargetState & { manifest: Manifest };
  /** What stood there before it, or where the caller wants to go back to. */
  earlier: TargetState & { manifest: Manifest };
}

/**
 * Finds what the last publication on a branch replaced.
 * @param options.to A commit of the branch to go back to, instead of the one before. At least seven digits.
 * @throws HubError `hub/not-ours`, `hub/changed-since`, `hub/nothing-replaced`, `hub/revision-not-found`
 */
export async function replacedPublication(options: {
  target: PublishTarget;
  state: TargetState;
  to: string | undefined;
  transport: Transport;
}): Promise<ReplacedPublication> {
  const { target, state, to, transport } = options;
  const { manifest } = state;
  if (manifest === undefined) throw notOurs(target);
  const present = { ...state, manifest };
  const history = await newestCommits({ target, revision: state.head, limit: MAX_COMMITS, transport });
  const at = async (revision: string): Promise<Manifest | undefined> =>
    await readManifestAt({ address: target.address, revision, transport });
  const digest = manifestDigest(manifest);
  // The publication is the first of the commits in a row that hold its content; whatever came after it changed something.
  let published = 0;
  for (let next = 1; next < history.length; next++) {
    const before = await at(history[next]?.id ?? '');
    if (before === undefined || manifestDigest(before) !== digest) break;
    published = next;
  }
  const since = history.slice(0, published);
  if (since.length > 0) throw changedSince(target, since);
  const wanted = to === undefined ? history[1] : history.slice(1).find(({ id }) => id.startsWith(to.toLowerCase()));
  if (wanted === undefined && to !== undefined) throw noSuchCommit(target, to);
  const restored =
    wanted === undefined ? undefined : await readState({ address: target.address, revision: wanted.id, transport });
  if (restored?.manifest === undefined) throw nothingReplaced(target, wanted?.id);
  return { present, earlier: { ...restored, manifest: restored.manifest } };
}

function notOurs(target: PublishTarget): HubError {
  return new HubError({
    code: 'hub/not-ours',
    where: pageAddress(target.address),
    message: `${target.branch} of ${target.address.repo} holds no ${MANIFEST_FILE}: hubfuse published nothing there`,
    hint: 'a pull request that is not merged is taken back by closing it',
  });
}

export function changedSince(target: PublishTarget, since: readonly { id: string; text: string }[]): HubError {
  const [newest] = since;
  const count = since.length === 1 ? 'a commit' : `${since.length} commits`;
  return new HubError({
    code: 'hub/changed-since',
    where: pageAddress(target.address),
    message: `${target.branch} of ${target.address.repo} was changed by ${count} since it was published to, the last "${newest?.text.split('\n')[0] ?? ''}" (${newest?.id.slice(0, 12)})`,
    hint: 'undo these by hand first: rolling back would undo them too',
  });
}

function nothingReplaced(target: PublishTarget, revision: string | undefined): HubError {
  return new HubError({
    code: 'hub/nothing-replaced',
    where: pageAddress(target.address),
    message:
      revision === undefined
        ? `nothing stood in ${target.address.repo} before what is published there`
        : `${target.address.repo} held no publication of hubfuse at ${revision.slice(0, 12)}`,
    hint: 'rolling back restores an earlier publication; to withdraw the only one make the repository private or delete it',
  });
}

function noSuchCommit(target: PublishTarget, to: string): HubError {
  return new HubError({
    code: 'hub/revision-not-found',
    where: pageAddress(target.address),
    message: `${target.branch} of ${target.address.repo} has no earlier commit ${to}`,
    hint: `see ${pageAddress(target.address)}/commits/${target.branch}`,
  });
}
