import type { CommentData, Discussion, DiscussionEvent } from '../storage/discussions.ts';
import type { Repository } from '../storage/repository.ts';

/** A discussion as a listing shows it. */
export function summary(repository: Repository, discussion: Discussion): Record<string, unknown> {
  const { number, title, author, createdAt, status, isPullRequest } = discussion;
  return {
    num: number,
    title,
    author: shownAuthor(author),
    createdAt,
    status,
    isPullRequest,
    pinned: false,
    repo: { name: repository.id, type: repository.type },
    numComments: discussion.events.filter((event) => event.type === 'comment').length,
  };
}

/** A discussion with everything that happened in it. */
export function details(
  repository: Repository,
  discussion: Discussion,
  conflicts: readonly string[],
): Record<string, unknown> {
  const { base, mergeCommit, events } = discussion;
  return {
    ...summary(repository, discussion),
    events: events.map(shownEvent),
    ...(base === undefined
      ? {}
      : {
          changes: {
            base: `refs/heads/${base.branch}`,
            ...(mergeCommit === undefined ? {} : { mergeCommitId: mergeCommit }),
          },
          filesWithConflicts: conflicts,
        }),
  };
}

function shownAuthor(name: string): Record<string, unknown> {
  return { name, type: 'user', fullname: name, avatarUrl: '' };
}

/** An event as the Hub's API shows it. A hidden comment keeps its place and loses its text. */
export function shownEvent(event: DiscussionEvent): Record<string, unknown> {
  const { data, author } = event;
  const shown = { ...event, author: shownAuthor(author) };
  if (event.type !== 'comment') return shown;
  const { raw, hidden = false, hiddenBy, editedAt, editedBy, history = [] } = data as unknown as CommentData;
  const latest = {
    raw: hidden ? 'This comment has been hidden' : raw,
    html: '',
    updatedAt: editedAt ?? event.createdAt,
    author: shownAuthor(editedBy ?? author),
  };
  return {
    ...shown,
    data: {
      edited: history.length > 0,
      hidden,
      ...(hiddenBy === undefined ? {} : { hiddenBy }),
      latest,
      numEdits: history.length,
      history: hidden ? [] : history.map((version) => ({ ...version, html: '', author: shownAuthor(version.author) })),
    },
  };
}
