import type { HubOptions } from '@hubfuse/hub';

export interface StubRepository {
  sha?: string;
  private?: boolean;
  gated?: boolean;
}

/** A comment that was posted. */
export interface PostedComment {
  repo: string;
  number: number;
  text: string;
}

/** As much of a Hub as this room asks: what repositories are, discussions, comments. The server's token is `hf_service`. */
export class StubHub {
  readonly url = 'http://hub.test';
  /** By `models/ns/name` or `datasets/ns/name`. */
  readonly repositories = new Map<string, StubRepository>();
  /** Names that lead to other ones. */
  readonly moved = new Map<string, string>();
  /** Authors and texts of comments by `ns/name#number`. */
  readonly discussions = new Map<string, { id: string; author: string; text: string }[]>();
  readonly comments: PostedComment[] = [];
  /** Comments that are taken and whose answer is lost. */
  readonly loseAnswers = { comments: 0 };
  /** Method and path of every request, with whether it came with a token. */
  readonly requests: { method: string; path: string; token: string | undefined }[] = [];

  get options(): HubOptions {
    return {
      hubUrl: this.url,
      token: 'hf_service',
      cacheDir: '/nowhere',
      fetch: this.fetch,
      retry: { attempts: 1 },
    };
  }

  addModel(repo: string, facts: StubRepository = {}): void {
    this.repositories.set(`models/${repo}`, facts);
  }

  addDataset(repo: string, facts: StubRepository = {}): void {
    this.repositories.set(`datasets/${repo}`, facts);
  }

  readonly fetch: typeof fetch = async (input, init) => {
    const url = new URL(input instanceof Request ? input.url : String(input));
    const token = new Headers(init?.headers).get('authorization')?.replace('Bearer ', '');
    const method = init?.method ?? 'GET';
    this.requests.push({ method, path: url.pathname, token });
    const comment = /^\/api\/models\/([^/]+\/[^/]+)\/discussions\/(\d+)\/comment$/.exec(url.pathname);
    if (comment !== null && method === 'POST') return this.#post(comment[1] ?? '', Number(comment[2]), init?.body);
    const discussion = /^\/api\/models\/([^/]+\/[^/]+)\/discussions\/(\d+)$/.exec(url.pathname);
    if (discussion !== null) return this.#discussion(discussion[1] ?? '', Number(discussion[2]));
    const repository = /^\/api\/((?:models|datasets)\/[^/]+(?:\/[^/]+)?)(?:\/revision\/(.+))?$/.exec(url.pathname);
    return repository === null ? refuse(404, 'RepoNotFound') : this.#repository(repository[1] ?? '', token);
  };

  #repository(id: string, token: string | undefined): Response {
    const name = this.moved.get(id) ?? id;
    const facts = this.repositories.get(name);
    if (facts === undefined) return token === undefined ? refuse(401, 'RepoNotFound') : refuse(404, 'RepoNotFound');
    if (facts.private === true && token === undefined) return refuse(401, 'RepoNotFound');
    const { sha = 'a'.repeat(40), private: isPrivate = false, gated = false } = facts;
    const plain = name.replace(/^(models|datasets)\//, '');
    const fixed = { downloads: 0, likes: 0, lastModified: '2026-01-01T00:00:00Z', tags: [], disabled: false };
    return Response.json({ _id: 'x', id: plain, modelId: plain, sha, private: isPrivate, gated, ...fixed });
  }

  #discussion(repo: string, number: number): Response {
    const events = this.discussions.get(`${repo}#${number}`);
    if (events === undefined) return refuse(404, 'RepoNotFound');
    return Response.json({
      num: number,
      title: `Discussion ${number}`,
      createdAt: '2026-11-01T00:00:00Z',
      author: { name: 'someone', type: 'user' },
      isPullRequest: false,
      status: 'open',
      events: events.map(({ id, author, text }) => ({
        ...{ id, type: 'comment', author: { name: author, type: 'user' } },
        data: { latest: { raw: text } },
      })),
    });
  }

  #post(repo: string, number: number, body: unknown): Response {
    const events = this.discussions.get(`${repo}#${number}`);
    if (events === undefined) return refuse(404, 'RepoNotFound');
    const { comment } = JSON.parse(String(body)) as { comment: string };
    this.comments.push({ repo, number, text: comment });
    events.push({ id: `ours-${this.comments.length}`, author: 'service', text: comment });
    if (this.loseAnswers.comments-- > 0) throw new TypeError('the connection was reset');
    return Response.json({ newMessage: { id: `ours-${this.comments.length}`, data: { latest: { raw: comment } } } });
  }
}

function refuse(status: number, code: string): Response {
  return Response.json({ error: code }, { status, headers: { 'x-error-code': code } });
}
