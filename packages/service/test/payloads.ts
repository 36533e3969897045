/** Bodies of deliveries as the Hub sends them. */

export function shaOf(number: number): string {
  return number.toString(16).padStart(40, '0');
}

interface Push {
  repo: string;
  type?: 'model' | 'dataset';
  ref?: string;
  /** Commits by number; 0 was there before. */
  number: number;
  /** Null for a deletion. */
  newSha?: string | null;
  webhook?: string;
}

/** A push whose commit follows the one of the number before. */
export function pushTo({
  repo,
  type = 'model',
  ref = 'refs/heads/main',
  number,
  newSha,
  webhook = 'w',
}: Push): unknown {
  const sha = newSha === undefined ? shaOf(number) : newSha;
  return {
    event: { action: 'update', scope: 'repo.content' },
    repo: { type, name: repo, id: 'abc', private: false, headSha: sha ?? undefined, owner: { id: 'x' } },
    updatedRefs: [{ ref, oldSha: number === 0 ? null : shaOf(number - 1), newSha: sha }],
    webhook: { id: webhook, version: 3 },
  };
}

export function repositoryEvent(repo: string, action: string, more: object = {}): unknown {
  return {
    event: { action, scope: 'repo' },
    repo: { type: 'model', name: repo, id: 'abc', private: false, owner: { id: 'x' } },
    webhook: { id: 'w', version: 3 },
    ...more,
  };
}

export function commentOn(repo: string, number: number, comment: { id: string; content: string }): unknown {
  return {
    event: { action: 'create', scope: 'discussion.comment' },
    repo: { type: 'model', name: repo, id: 'abc', private: false, owner: { id: 'x' } },
    discussion: { id: 'd', num: number, title: 't', status: 'open', isPullRequest: false, author: { id: 'x' } },
    comment: { ...comment, author: { id: 'someone' }, hidden: false },
    webhook: { id: 'w', version: 3 },
  };
}
