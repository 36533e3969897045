import { randomBytes } from 'node:crypto';
import { HubError } from '@hubfuse/plugin';
import type { Change, Commit, CommitWords } from './commit.ts';
import type { Discussion, DiscussionEvent } from './discussions.ts';
import type { Repository } from './repository.ts';

/** A new event of a discussion. */
export function discussionEvent(event: Omit<DiscussionEvent, 'id' | 'createdAt'> & { date: Date }): DiscussionEvent {
  const { date, ...rest } = event;
  return { id: randomBytes(12).toString('hex'), createdAt: date.toISOString(), ...rest };
}

function commitEvent(commit: Commit): DiscussionEvent {
  const data = { subject: commit.title, oid: commit.id };
  return discussionEvent({ type: 'commit', author: commit.author, date: new Date(commit.date), data });
}

/** Opens a pull request with one commit after `base`. To be called inside `exclusively`. */
export async function openPullRequest(
  repository: Repository,
  proposal: { branch: string; base: string; changes: readonly Change[]; words: CommitWords; draft?: boolean },
): Promise<{ pull: Discussion; commit: Commit }> {
  const { branch, base, changes, words } = proposal;
  const parent = await repository.readCommit(base);
  const commit = await repository.addCommit({ parent, changes, words });
  const number = await repository.nextNumber();
  await repository.refs.set({ kind: 'pr', name: String(number) }, commit.id);
  const comment = discussionEvent({
    type: 'comment',
    author: words.author,
    date: words.date,
    data: { latest: { raw: words.message ?? '' } },
  });
  const pull: Discussion = {
    number,
    title: words.title,
    author: words.author,
    createdAt: words.date.toISOString(),
    status: proposal.draft === true ? 'draft' : 'open',
    isPullRequest: true,
    base: { branch, commit: base },
    events: [comment, commitEvent(commit)],
  };
  await repository.discussions.set(pull);
  return { pull, commit };
}

/** Adds a commit to an open pull request. To be called inside `exclusively`. */
export async function pushToPullRequest(
  repository: Repository,
  {
    number,
    parent,
    changes,
    words,
  }: { number: number; parent: Commit; changes: readonly Change[]; words: CommitWords },
): Promise<Commit> {
  const pull = await repository.discussions.get(number);
  if (pull !== undefined && pull.status !== 'open' && pull.status !== 'draft') {
    throw new HubError({ code: 'hub-server/bad-commit', message: `pull request ${number} is ${pull.status}` });
  }
  const commit = await repository.addCommit({ parent, changes, words });
  await repository.refs.set({ kind: 'pr', name: String(number) }, commit.id);
  if (pull !== undefined) await repository.discussions.set({ ...pull, events: [...pull.events, commitEvent(commit)] });
  return commit;
}
