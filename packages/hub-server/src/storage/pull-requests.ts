import { randomBytes } from 'node:crypto';
import { HubError } from '@hubfuse/plugin';
import type { Change, Commit, CommittedFile, CommitWords } from './commit.ts';
import type { Discussion, DiscussionEvent } from './discussions.ts';
import type { Repository } from './repository.ts';

/*
 * Everything here that changes a repository is to be called inside `exclusively`.
 */

/** A new event of a discussion. */
export function discussionEvent(event: Omit<DiscussionEvent, 'id' | 'createdAt'> & { date: Date }): DiscussionEvent {
  const { date, ...rest } = event;
  return { id: randomBytes(12).toString('hex'), createdAt: date.toISOString(), ...rest };
}

function commentEvent({ text, author, date }: { text: string; author: string; date: Date }): DiscussionEvent {
  return discussionEvent({ type: 'comment', author, date, data: { raw: text } });
}

function commitEvent(commit: Commit): DiscussionEvent {
  const data = { subject: commit.title, oid: commit.id };
  return discussionEvent({ type: 'commit', author: commit.author, date: new Date(commit.date), data });
}

/** Opens a discussion, or a draft of a pull request that has no commits yet. */
export async function openDiscussion(
  repository: Repository,
  { title, text, author, isPullRequest }: { title: string; text: string; author: string; isPullRequest: boolean },
): Promise<Discussion> {
  const date = new Date();
  const number = await repository.nextNumber();
  const head = isPullRequest ? await repository.resolve('main') : undefined;
  if (head !== undefined) await repository.refs.set({ kind: 'pr', name: String(number) }, head);
  const discussion: Discussion = {
    number,
    title,
    author,
    createdAt: date.toISOString(),
    status: isPullRequest ? 'draft' : 'open',
    isPullRequest,
    ...(head === undefined ? {} : { base: { branch: 'main', commit: head } }),
    events: [commentEvent({ text, author, date })],
  };
  await repository.discussions.set(discussion);
  return discussion;
}

/** Opens a pull request with one commit after `base`. */
export async function openPullRequest(
  repository: Repository,
  proposal: { branch: string; base: string; changes: readonly Change[]; words: CommitWords },
): Promise<{ pull: Discussion; commit: Commit }> {
  const { branch, base, changes, words } = proposal;
  const { title, message = '', author, date } = words;
  const commit = await repository.addCommit({ parent: await repository.readCommit(base), changes, words });
  const number = await repository.nextNumber();
  await repository.refs.set({ kind: 'pr', name: String(number) }, commit.id);
  const pull: Discussion = {
    number,
    title,
    author,
    createdAt: date.toISOString(),
    status: 'open',
    isPullRequest: true,
    base: { branch, commit: base },
    events: [commentEvent({ text: message, author, date }), commitEvent(commit)],
  };
  await repository.discussions.set(pull);
  return { pull, commit };
}

/** Adds a commit to an open pull request. */
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
  if (pull !== undefined) requireOpen(pull);
  const commit = await repository.addCommit({ parent, changes, words });
  await repository.refs.set({ kind: 'pr', name: String(number) }, commit.id);
  if (pull !== undefined) await repository.discussions.set({ ...pull, events: [...pull.events, commitEvent(commit)] });
  return commit;
}

/** Paths that both a pull request and its branch changed since it began, each in another way. */
export async function conflictsOf(repository: Repository, discussion: Discussion): Promise<string[]> {
  if (discussion.base === undefined || discussion.status === 'merged') return [];
  const { proposed, start, head } = await sides(repository, discussion);
  const [then, now, wanted] = [oids(start), oids(head), oids(proposed)];
  return changedPaths(start, proposed).filter((path) => {
    return now.get(path) !== then.get(path) && now.get(path) !== wanted.get(path);
  });
}

/** Puts what a pull request changes into its branch, as one commit. There must be no conflicts. */
export async function mergePullRequest(
  repository: Repository,
  {
    discussion,
    author,
    comment,
  }: { discussion: Discussion; author: string; comment?: Pick<DiscussionEvent, 'type' | 'data'> | undefined },
): Promise<{ discussion: Discussion; branch: string; before: string; after: Commit }> {
  requireOpen(discussion);
  const { proposed, start, head, branch } = await sides(repository, discussion);
  const files = new Map(proposed.files.map((file) => [file.path, file]));
  const now = oids(head);
  const changes = changedPaths(start, proposed)
    .filter((path) => now.get(path) !== files.get(path)?.oid)
    .map((path): Change => {
      const file = files.get(path);
      return file === undefined ? { kind: 'delete', path } : putAgain(file);
    });
  const date = new Date();
  const title = `${discussion.title} (#${discussion.number})`;
  const after = await repository.addCommit({ parent: head, changes, words: { title, author, date } });
  await repository.refs.set({ kind: 'heads', name: branch }, after.id);
  const merged: Discussion = {
    ...discussion,
    status: 'merged',
    mergeCommit: after.id,
    events: [
      ...discussion.events,
      ...(comment === undefined ? [] : [discussionEvent({ ...comment, author, date })]),
      discussionEvent({ type: 'status-change', author, date, data: { status: 'merged' } }),
    ],
  };
  await repository.discussions.set(merged);
  return { discussion: merged, branch, before: head.id, after };
}

async function sides(
  repository: Repository,
  discussion: Discussion,
): Promise<{ proposed: Commit; start: Commit; head: Commit; branch: string }> {
  const { number, base } = discussion;
  if (base === undefined) throw unusable(`discussion ${number} is no pull request`);
  const tip = await repository.refs.get({ kind: 'pr', name: String(number) });
  const head = await repository.refs.get({ kind: 'heads', name: base.branch });
  if (tip === undefined || head === undefined) throw unusable(`the branch of pull request ${number} is gone`);
  return {
    proposed: await repository.readCommit(tip),
    start: await repository.readCommit(base.commit),
    head: await repository.readCommit(head),
    branch: base.branch,
  };
}

function changedPaths(from: Commit, to: Commit): string[] {
  const [before, after] = [oids(from), oids(to)];
  return [...new Set([...before.keys(), ...after.keys()])]
    .filter((path) => before.get(path) !== after.get(path))
    .sort();
}

function oids(commit: Commit): Map<string, string> {
  return new Map(commit.files.map((file) => [file.path, file.oid]));
}

function putAgain({ path, oid, size, sha256, lfs }: CommittedFile): Change {
  return { kind: 'put', path, oid, size, sha256, lfs };
}

function requireOpen({ number, status }: Discussion): void {
  if (status !== 'open' && status !== 'draft') throw unusable(`pull request ${number} is ${status}`);
}

function unusable(message: string): HubError {
  return new HubError({ code: 'hub-server/bad-commit', message });
}
