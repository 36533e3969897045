import { HubError } from '@hubfuse/plugin';
import type { CommitOperation } from '@huggingface/hub';
import { checkRepoId, pageAddress } from './addresses.ts';
import { commitOnce, ParentMoved } from './commit-once.ts';
import { CARD_FILE, isCardEdited } from './edited-card.ts';
import { findPublished, type Published, pullRequestAt } from './find-published.ts';
import { MANIFEST_FILE } from './manifest.ts';
import { holdsOutputs, type Publication, preparePublication } from './publication.ts';
import { ensureTarget, type PublishTarget, readState, readTarget, type TargetState } from './publish-target.ts';
import type { PublishRequest, PublishResult } from './publish-types.ts';
import { settlePullRequests } from './pull-requests-of-intent.ts';
import { requiredToken } from './token.ts';
import { createTransport, type Transport } from './transport.ts';

/** How often a commit is made anew because the branch moved, or an upload was refused. */
const MAX_ROUNDS = 5;
/** Files that a Hub or a person's first click may put into an empty repository. */
const EMPTY_REPOSITORY = new Set(['.gitattributes']);

/**
 * Publishes a finished folder exactly once: one commit, or one pull request. The repository is created where it is
 * absent. A branch that holds something else than a publication of hubfuse, or one whose card somebody edited since, is
 * never written to: it gets a pull request, which the result's `as` and a notice say. Files of the publication before that are gone now are removed with the same
 * commit; nothing else ever is. What an earlier attempt published, even one that was killed before it heard so, is found
 * in the repository (`already`); of pull requests that were made twice for one `intent` the later ones are closed.
 * @throws HubError `hub/no-token`, `hub/bad-token`, `hub/forbidden`, `hub/visibility`, `hub/output-missing`,
 * `hub/output-changed`, `hub/contended`, or one of the network's
 */
export async function publishFolder(request: PublishRequest): Promise<PublishResult> {
  requiredToken(request.options, `publishing to ${request.repo}`);
  checkRepoId(request.repo, true);
  const publication = await preparePublication(request);
  const transport = createTransport(request.options);
  const target = await ensureTarget(request, transport);
  for (let round = 1; ; round++) {
    const state = await readTarget(target, transport);
    const obstacle = await obstacleOf({ target, state, publication, transport });
    const as = obstacle === undefined ? (request.as ?? 'commit') : 'pull_request';
    const earlier = await findPublished({
      target,
      state,
      publication,
      as,
      attempt: request.attempt,
      intent: request.intent,
      transport,
    });
    if (earlier !== undefined) return { ...earlier, created: target.created, already: true };
    try {
      return await publish({ request, publication, target, state, as, obstacle, transport });
    } catch (failure) {
      const again = failure instanceof ParentMoved || (failure instanceof HubError && ANEW.has(failure.code));
      if (!again) throw failure;
      if (round < MAX_ROUNDS) continue;
      throw failure instanceof ParentMoved ? contended(target) : failure;
    }
  }
}

/** Failures after which a whole new attempt may go through: what was uploaded is not sent again. */
const ANEW = new Set(['hub/upload-refused']);

/** Why a branch may not be committed to. */
interface Obstacle {
  code: string;
  message: string;
}

/** A branch with somebody else's work is only ever asked to change. */
async function obstacleOf(input: {
  target: PublishTarget;
  state: TargetState;
  publication: Publication;
  transport: Transport;
}): Promise<Obstacle | undefined> {
  const { target, state, publication, transport } = input;
  const where = `${target.branch} of ${target.address.repo}`;
  const ours = state.manifest !== undefined || state.files.every(({ path }) => EMPTY_REPOSITORY.has(path));
  if (!ours) {
    const message = `${where} holds files without ${MANIFEST_FILE}: somebody else's work, so this becomes a pull request`;
    return { code: 'hub/not-ours', message };
  }
  if (!(await isCardEdited({ target, state, card: publication.card, transport }))) return undefined;
  const message = `somebody edited ${CARD_FILE} on ${where} since it was published: this becomes a pull request, so that no edit is lost unseen`;
  return { code: 'hub/card-edited', message };
}

async function publish(input: {
  request: PublishRequest;
  publication: Publication;
  target: PublishTarget;
  state: TargetState;
  as: 'commit' | 'pull_request';
  obstacle: Obstacle | undefined;
  transport: Transport;
}): Promise<PublishResult> {
  const { request, publication, target, state, as, obstacle, transport } = input;
  if (obstacle !== undefined && request.as !== 'pull_request') {
    request.options.onProgress?.({ type: 'notice', ...obstacle });
  }
  const recognise = async (): Promise<Published | undefined> =>
    await findPublished({
      target,
      state: await readTarget(target, transport),
      publication,
      as,
      attempt: request.attempt,
      intent: request.intent,
      transport,
    });
  const { commit, pullRequestUrl } = await commitOnce({
    target,
    as,
    parent: state.head,
    title: request.title,
    description: publication.description,
    operations: [...publication.operations, ...leftBehind(state, publication)],
    outputs: publication.outputs,
    xet: request.xet ?? false,
    transport,
    async recognise() {
      const found = await recognise();
      if (found === undefined) return undefined;
      return {
        commit: { oid: found.revision, url: found.url },
        hookOutput: '',
        ...(found.pullRequest === undefined ? {} : { pullRequestUrl: found.url }),
      };
    },
  });
  await verify({ target, publication, revision: commit.oid, transport });
  const { created } = target;
  if (as === 'commit') return { revision: commit.oid, as, created, already: false, url: pageOf(target) };
  const number = Number(/\/discussions\/(\d+)/.exec(pullRequestUrl ?? '')?.[1]);
  const made = { ...pullRequestAt(target, { number, revision: commit.oid }), created, already: false };
  if (request.intent === undefined) return made;
  // A pull request cannot be made on condition: another publisher of the same intent may have made one meanwhile.
  const kept = await settlePullRequests({ target, publication, intent: request.intent, own: number, transport });
  if (kept === undefined || kept.number === number) return made;
  return { ...pullRequestAt(target, kept), created, already: true };
}

/** Removes the files of the publication before that the new one lacks, where nobody changed them since. */
function leftBehind({ manifest, files }: TargetState, publication: Publication): CommitOperation[] {
  const listed = new Map(files.map((file) => [file.path, file]));
  return (manifest?.outputs ?? []).flatMap(({ path, size, sha256 }) => {
    const file = listed.get(path);
    const unchanged = file !== undefined && file.size === size && (file.sha256 ?? sha256) === sha256;
    return unchanged && !publication.paths.has(path) ? [{ operation: 'delete' as const, path }] : [];
  });
}

async function verify(input: {
  target: PublishTarget;
  publication: Publication;
  revision: string;
  transport: Transport;
}): Promise<void> {
  const { target, publication, revision, transport } = input;
  const state = await readState({ address: target.address, revision, transport });
  if (holdsOutputs(state.files, publication.outputs)) return;
  throw new HubError({
    code: 'hub/published-differs',
    where: `${pageOf(target)}/commit/${revision}`,
    message: 'the Hub lists other checksums for what was published than the files have',
    hint: 'do not use that commit; publish again',
  });
}

function pageOf({ address, branch }: PublishTarget): string {
  return pageAddress(address, branch === 'main' ? undefined : branch);
}

function contended(target: PublishTarget): HubError {
  return new HubError({
    code: 'hub/contended',
    where: pageOf(target),
    message: `others committed to ${target.branch} each time that this was about to, ${MAX_ROUNDS} times`,
    hint: 'try later, or publish as a pull request',
  });
}
