import { HubError } from '@hubfuse/plugin';
import { apiAddress, checkRepoId, pageAddress } from '../addresses.ts';
import { closeAt } from '../discussions/close-discussion.ts';
import { accessTo } from '../discussions/discussion-request.ts';
import { pullRequestsAt } from '../discussions/find-pull-request.ts';
import { CARD_FILE, sha256 } from '../edited-card.ts';
import { explainRefusal } from '../failures.ts';
import { discussionAddress } from '../find-published.ts';
import { MANIFEST_FILE, manifestDigest, type RollbackRecord, renderManifest } from '../manifest.ts';
import { contentMark, rollbackMark } from '../marks.ts';
import type { HubOptions } from '../options.ts';
import { pin } from '../pin.ts';
import { badAnswer, postOnce } from '../post-once.ts';
import { type PublishTarget, readState, type TargetState } from '../publish-target.ts';
import { pullRequestRefs } from '../pull-request-refs.ts';
import { redact, requiredToken } from '../token.ts';
import { createTransport, type Transport } from '../transport.ts';
import { whoAmI } from '../who-am-i.ts';
import { changedSince, type ReplacedPublication, replacedPublication } from './replaced-publication.ts';
import { readFile, requireRestored, restoringCommit } from './restoring-commit.ts';
import { cardWithRollback, gateText, rollbackText } from './rollback-card.ts';

export interface RollbackRequest {
  /** `namespace/name` of a model. */
  repo: string;
  /** Default `main`. */
  branch?: string | undefined;
  /** Default `commit`. */
  as?: 'commit' | 'pull_request' | undefined;
  /** An earlier commit of the branch to go back to. Default: what the last publication replaced. */
  to?: string | undefined;
  /** Why, for the commit, the card and the manifest. */
  reason?: string | undefined;
  options: HubOptions;
}

export interface RollbackResult {
  /** Address of the model page or of the pull request. */
  url: string;
  /** The commit that restores, 40 hexadecimal digits. */
  revision: string;
  as: 'commit' | 'pull_request';
  /** Number of the pull request. */
  pullRequest?: number;
  /** The publication that is taken back: its commit and name, and what its gate had come to. */
  withdrawn: RollbackRecord;
  /** True where an earlier call had done it. */
  already: boolean;
}

/**
 * Takes the last publication on a branch back: a new commit, or pull request, that holds exactly what stood there before.
 * The card and the manifest say what was taken back, and what its condition for publishing had come to. History is kept,
 * and nothing large is sent. Called again it does nothing more; `to` goes further back.
 * @throws HubError `hub/no-token`; `hub/not-ours` where hubfuse published nothing there; `hub/changed-since` where others
 * committed after the publication; `hub/nothing-replaced` where it was the first; `hub/revision-not-found` for a `to` that
 * the branch does not have; or one of the network's
 */
export async function rollback(request: RollbackRequest): Promise<RollbackResult> {
  const { repo, branch = 'main', as = 'commit', to, reason, options } = request;
  requiredToken(options, `rolling back ${repo}`);
  checkRepoId(repo, true);
  const transport = createTransport(options);
  const { name, sha } = await pin({ transport, type: 'model', reference: { kind: 'hub', repo, revision: branch } });
  const target: PublishTarget = {
    address: { hubUrl: transport.hubUrl, type: 'model', repo: name },
    branch,
    created: false,
  };
  const state = await readState({ address: target.address, revision: sha, transport });
  const done = earlierRollback(target, state, to);
  if (done !== undefined) return done;
  const replaced = await replacedPublication({ target, state, to, transport });
  const withdrawn = recordOf(replaced, reason === undefined ? undefined : redact(reason, options.token));
  const attempt: Attempt = { target, replaced, withdrawn, as, transport };
  if (as === 'pull_request') {
    const open = await openProposal(attempt);
    if (open !== undefined) return { ...open, already: true };
  }
  const made = await commit(attempt);
  return as === 'pull_request' ? ((await openProposal(attempt)) ?? made) : made;
}

interface Attempt {
  target: PublishTarget;
  replaced: ReplacedPublication;
  withdrawn: RollbackRecord;
  as: 'commit' | 'pull_request';
  transport: Transport;
}

function recordOf({ present, earlier }: ReplacedPublication, reason: string | undefined): RollbackRecord {
  const { head, manifest } = present;
  return {
    revision: head,
    restored: earlier.head,
    name: manifest.name,
    digest: manifestDigest(manifest),
    ...(manifest.gate === undefined ? {} : { gate: manifest.gate }),
    ...(reason === undefined || reason === '' ? {} : { reason }),
    at: new Date().toISOString(),
  };
}

/** Where the branch is as a rollback left it, as after one that was killed before it heard so. */
function earlierRollback(
  target: PublishTarget,
  { head, manifest }: TargetState,
  to: string | undefined,
): RollbackResult | undefined {
  if (manifest?.rolledBack?.restored.startsWith((to ?? '').toLowerCase()) !== true) return undefined;
  const { rolledBack } = manifest;
  return { url: pageOf(target), revision: head, as: 'commit', withdrawn: rolledBack, already: true };
}

async function commit(attempt: Attempt): Promise<RollbackResult> {
  const { target, replaced, withdrawn, as, transport } = attempt;
  const { present, earlier } = replaced;
  const { address } = target;
  const written = await writtenFiles(attempt);
  const title = `Roll back ${withdrawn.name} to ${earlier.head.slice(0, 12)}`;
  const restoredGate = gateText(earlier.manifest.gate);
  const description = [
    rollbackText(withdrawn),
    ...(restoredGate === undefined ? [] : [`The condition of what is restored had come to: ${restoredGate}`]),
    [rollbackMark(withdrawn.revision), contentMark(manifestDigest(earlier.manifest))].join('\n'),
  ].join('\n\n');
  const body = await restoringCommit({
    ...{ address, present: present.files, earlier: earlier.files, revision: earlier.head, written },
    ...{ title, description, parent: present.head, transport },
  });
  const result = (revision: string, url: string, pullRequest?: number): RollbackResult => ({
    ...{ url, revision, as, withdrawn, already: false },
    ...(pullRequest === undefined ? {} : { pullRequest }),
  });
  const made = await postOnce<RollbackResult>({
    transport,
    address: `${apiAddress(address)}/commit/${encodeURIComponent(target.branch)}${as === 'commit' ? '' : '?create_pr=1'}`,
    body,
    contentType: 'application/x-ndjson',
    refuse(refusal) {
      if (refusal.status === 412 || refusal.status === 409) return changedMeanwhile(target);
      return explainRefusal(refusal, { ...address, action: 'roll back' }, transport.options);
    },
    recognise: async () => {
      if (as === 'pull_request') return await openProposal(attempt);
      const reference = { kind: 'hub', repo: address.repo, revision: target.branch } as const;
      const { sha } = await pin({ transport, type: 'model', reference });
      const now = await readState({ address, revision: sha, transport });
      return now.manifest?.rolledBack?.revision === withdrawn.revision ? result(sha, pageOf(target)) : undefined;
    },
    read(answer) {
      const { commitOid, pullRequestUrl } = answer as { commitOid?: unknown; pullRequestUrl?: unknown };
      if (typeof commitOid !== 'string') throw badAnswer(pageOf(target));
      if (as === 'commit') return result(commitOid, pageOf(target));
      const number = Number(/\/discussions\/(\d+)/.exec(String(pullRequestUrl))?.[1]);
      return result(commitOid, discussionAddress(target, number), number);
    },
  });
  const restored = await readState({ address, revision: made.revision, transport });
  requireRestored(made.url, { earlier: earlier.files, restored: restored.files, written });
  return made;
}

/** Manifest and card of what is restored, with the record of what is taken back. */
async function writtenFiles({ target, replaced, withdrawn, transport }: Attempt): Promise<Map<string, string>> {
  const { head, manifest, files } = replaced.earlier;
  const record = { ...manifest, rolledBack: withdrawn };
  if (!files.some(({ path }) => path === CARD_FILE)) return new Map([[MANIFEST_FILE, renderManifest(record)]]);
  const earlier = await readFile({ address: target.address, revision: head, path: CARD_FILE, transport });
  const card = cardWithRollback(earlier.toString('utf8'), withdrawn);
  // A card that somebody had edited stays known as edited.
  const asWritten = manifest.cardSha256 === sha256(earlier);
  return new Map([
    [MANIFEST_FILE, renderManifest(asWritten ? { ...record, cardSha256: sha256(card) } : record)],
    [CARD_FILE, card],
  ]);
}

/** The oldest open pull request of ours that takes the same publication back; any others of it are closed. */
async function openProposal(attempt: Attempt): Promise<RollbackResult | undefined> {
  const { target, replaced, withdrawn, transport } = attempt;
  const account = await whoAmI(transport.options);
  if (account === undefined) return undefined;
  const access = accessTo(target.address, transport);
  const mark = rollbackMark(withdrawn.revision);
  const refs = await pullRequestRefs(target, transport);
  const open: { number: number; revision: string }[] = [];
  for (const { number } of await pullRequestsAt(access, { mark, author: account.name, status: 'open' })) {
    const revision = refs.find((ref) => ref.number === number)?.targetCommit;
    if (revision === undefined) continue;
    const { manifest } = await readState({ address: target.address, revision, transport });
    const restores = manifest !== undefined && manifestDigest(manifest) === manifestDigest(replaced.earlier.manifest);
    if (restores && manifest.rolledBack?.revision === withdrawn.revision) open.push({ number, revision });
  }
  const [kept, ...duplicates] = open;
  if (kept === undefined) return undefined;
  for (const { number } of duplicates) {
    await closeAt(access, { number, comment: `The same was proposed twice; #${kept.number} is the one to look at.` });
  }
  return {
    ...{ url: discussionAddress(target, kept.number), revision: kept.revision, pullRequest: kept.number },
    ...{ as: 'pull_request', withdrawn, already: false },
  };
}

function changedMeanwhile(target: PublishTarget): HubError {
  const { code, where, hint } = changedSince(target, []);
  return new HubError({
    code,
    where,
    message: `somebody committed to ${target.branch} of ${target.address.repo} meanwhile`,
    hint,
  });
}

function pageOf({ address, branch }: PublishTarget): string {
  return pageAddress(address, branch === 'main' ? undefined : branch);
}
