import { UsageError } from '@hubfuse/plugin';

/** A ref that moved; null for a commit that is not there (made, deleted). */
export interface UpdatedRef {
  ref: string;
  oldSha: string | null;
  newSha: string | null;
}

/** What is read of a delivery of the Hub, version 3 (https://huggingface.co/docs/hub/webhooks). */
export interface HubPayload {
  event: { action: string; scope: string };
  repo: { type: 'model' | 'dataset'; name: string; private?: boolean; headSha?: string };
  updatedRefs?: readonly UpdatedRef[];
  discussion?: { num: number; isPullRequest?: boolean; status?: string };
  comment?: { id: string; content: string; hidden?: boolean; author?: { id: string } };
  /** New name of a repository that was renamed. */
  movedTo?: { name: string };
}

const SHA = /^[0-9a-f]{40}$/;
const MOST_REFS = 1_000;
const LONGEST_COMMENT = 65_536;

/**
 * Reads the body of a delivery. Undefined for what is well-formed and concerns no recipe: spaces, other kinds.
 * @throws UsageError `service/bad-payload` for what no Hub sends
 */
export function readHubPayload(body: unknown): HubPayload | undefined {
  const event = fieldsOf(fieldsOf(body)?.event);
  const repo = fieldsOf(fieldsOf(body)?.repo);
  const [action, scope, type, name] = [event?.action, event?.scope, repo?.type, repo?.name];
  if (typeof action !== 'string' || typeof scope !== 'string' || typeof type !== 'string' || typeof name !== 'string') {
    throw bad('it has no event with action and scope, or no repo with type and name');
  }
  if (type !== 'model' && type !== 'dataset') return undefined;
  if (!isRepoName(name)) throw bad('its repo has no usable name');
  const payload: HubPayload = { event: { action, scope }, repo: { type, name } };
  if (typeof repo?.private === 'boolean') payload.repo.private = repo.private;
  if (typeof repo?.headSha === 'string' && SHA.test(repo.headSha)) payload.repo.headSha = repo.headSha;
  const { updatedRefs, discussion, comment, movedTo } = fieldsOf(body) ?? {};
  if (updatedRefs !== undefined) payload.updatedRefs = readRefs(updatedRefs);
  const number = fieldsOf(discussion)?.num;
  if (typeof number === 'number' && Number.isSafeInteger(number) && number > 0) {
    const { isPullRequest, status } = fieldsOf(discussion) ?? {};
    payload.discussion = {
      num: number,
      ...(typeof isPullRequest === 'boolean' ? { isPullRequest } : {}),
      ...(typeof status === 'string' ? { status: status.slice(0, 40) } : {}),
    };
  }
  const { id, content, hidden, author } = fieldsOf(comment) ?? {};
  if (typeof id === 'string' && /^[\w-]{1,100}$/.test(id) && typeof content === 'string') {
    const authorId = fieldsOf(author)?.id;
    payload.comment = {
      ...{ id, content: content.slice(0, LONGEST_COMMENT), hidden: hidden === true },
      ...(typeof authorId === 'string' ? { author: { id: authorId.slice(0, 100) } } : {}),
    };
  }
  const moved = fieldsOf(movedTo)?.name;
  if (typeof moved === 'string' && isRepoName(moved)) payload.movedTo = { name: moved };
  return payload;
}

function readRefs(value: unknown): UpdatedRef[] {
  if (!Array.isArray(value) || value.length > MOST_REFS) throw bad(`updatedRefs is no list of at most ${MOST_REFS}`);
  return value.map((item: unknown) => {
    const { ref, oldSha = null, newSha = null } = fieldsOf(item) ?? {};
    if (typeof ref !== 'string' || !/^refs\/[\x21-\x7e]{1,250}$/.test(ref)) throw bad('an updated ref has no name');
    if (!isShaOrNull(oldSha) || !isShaOrNull(newSha)) throw bad(`the commits of ${ref} are none`);
    return { ref, oldSha, newSha };
  });
}

function isShaOrNull(value: unknown): value is string | null {
  return value === null || (typeof value === 'string' && SHA.test(value));
}

function isRepoName(name: string): boolean {
  return /^[\w][\w.-]{0,95}(?:\/[\w][\w.-]{0,95})?$/.test(name);
}

function fieldsOf(value: unknown): Record<string, unknown> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : undefined;
}

function bad(why: string): UsageError {
  return new UsageError({
    code: 'service/bad-payload',
    message: `this is no delivery of a Hub's webhook: ${why}`,
    hint: 'only a Hub posts here; see https://huggingface.co/docs/hub/webhooks',
  });
}
