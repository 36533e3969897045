import { createHash } from 'node:crypto';
import type { CommentData, Discussion, DiscussionEvent } from '../storage/discussions.ts';
import type { RepoSettings, Repository } from '../storage/repository.ts';
import type { Webhook } from './subscriptions.ts';

/** A ref that moved: null for a commit that is not there (made, deleted). */
export interface UpdatedRef {
  ref: string;
  oldSha: string | null;
  newSha: string | null;
}

/** Something that subscribers may want to know. */
export interface HubEvent {
  action: 'create' | 'delete' | 'move' | 'update';
  scope: 'repo' | 'repo.content' | 'repo.config' | 'discussion' | 'discussion.comment';
  repository: Repository;
  settings: RepoSettings;
  /** Commit of `main`; repository scopes only. */
  headSha?: string | undefined;
  updatedRefs?: readonly UpdatedRef[];
  discussion?: Discussion;
  /** What was said: with a comment, and with the opening of a discussion. */
  comment?: DiscussionEvent | undefined;
  /** Settings that changed, as far as the Hub tells of them. */
  updatedConfig?: Readonly<Record<string, unknown>>;
  /** The new id of a repository that was renamed. */
  movedTo?: string;
}

/** The body of a delivery, version 3 (https://huggingface.co/docs/hub/webhooks). */
export function payloadOf(event: HubEvent, { webhook, baseUrl }: { webhook: Webhook; baseUrl: string }): unknown {
  const { action, scope, repository, settings, discussion, comment, movedTo } = event;
  const { type, id } = repository;
  const web = `${baseUrl}/${type === 'model' ? '' : 'datasets/'}${id}`;
  const api = `${baseUrl}/api/${type}s/${id}`;
  return {
    event: { action, scope },
    repo: {
      type,
      name: id,
      id: settings.key,
      private: settings.private,
      url: { web, api },
      owner: { id: accountKey(repository.namespace) },
      ...(event.headSha === undefined ? {} : { headSha: event.headSha }),
    },
    ...(discussion === undefined ? {} : { discussion: discussionPart(discussion, { web, api, key: settings.key }) }),
    ...(comment === undefined || discussion === undefined
      ? {}
      : { comment: commentPart(comment, `${web}/discussions/${discussion.number}`) }),
    ...(event.updatedRefs === undefined ? {} : { updatedRefs: event.updatedRefs }),
    ...(event.updatedConfig === undefined ? {} : { updatedConfig: event.updatedConfig }),
    ...(movedTo === undefined
      ? {}
      : { movedTo: { name: movedTo, owner: { id: accountKey(movedTo.slice(0, movedTo.indexOf('/'))) } } }),
    webhook: { id: webhook.id, version: 3 },
  };
}

function discussionPart(discussion: Discussion, { web, api, key }: { web: string; api: string; key: string }): unknown {
  const { number, title, status, isPullRequest, base, mergeCommit } = discussion;
  return {
    id: accountKey(`${key}#${number}`),
    num: number,
    title,
    status,
    isPullRequest,
    author: { id: accountKey(discussion.author) },
    url: { web: `${web}/discussions/${number}`, api: `${api}/discussions/${number}` },
    ...(base === undefined
      ? {}
      : {
          changes: {
            base: `refs/heads/${base.branch}`,
            ...(mergeCommit === undefined ? {} : { mergeCommitId: mergeCommit }),
          },
        }),
  };
}

function commentPart(comment: DiscussionEvent, web: string): unknown {
  const { id, author, data } = comment;
  const { raw, hidden = false } = data as unknown as CommentData;
  return {
    id,
    author: { id: accountKey(author) },
    hidden,
    ...(hidden ? {} : { content: raw }),
    url: { web: `${web}#${id}` },
  };
}

/** 24 hexadecimal digits that are always the same for a name. */
export function accountKey(name: string): string {
  return createHash('sha256').update(name).digest('hex').slice(0, 24);
}
