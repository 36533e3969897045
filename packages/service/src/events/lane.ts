import type { RunAncestor } from '@hubfuse/runs';

/** A push to a watched ref. */
export interface LanePush {
  sha: string;
  /** What the ref was before; null where it did not exist. */
  oldSha: string | null;
  /** Publications of ours that led to it. */
  ancestry: readonly RunAncestor[];
}

/**
 * The pushes to one ref of one repository, as far as one recipe is concerned: a run under way, and those that wait for it.
 * However many come, they become the run under way and one of the newest. Plain data.
 */
export interface Lane {
  recipe: string;
  type: 'model' | 'dataset';
  repo: string;
  ref: string;
  /** The push that a run was made of, until that run has ended. */
  active?: LanePush & { once: string /** Whether the run stands in the store. */; begun: boolean };
  /** Pushes without a run, in the order in which they were heard of. */
  waiting: readonly LanePush[];
  /** Commits that had their run, or were superseded before they got one; the latest. */
  seen: readonly string[];
  /** What a commit of this ref came after; of the latest pushes. */
  links: Readonly<Record<string, string>>;
  /** The last commit that a run was made of. */
  last?: string;
  /** ISO 8601: nothing starts before then. */
  notBefore?: string;
}

const MOST_REMEMBERED = 1_000;

export function emptyLane(place: Pick<Lane, 'recipe' | 'type' | 'repo' | 'ref'>): Lane {
  return { ...place, waiting: [], seen: [], links: {} };
}

/** The lane with one more push, or the same lane where that says nothing new: repeated, or older than what is known. */
export function addPush(lane: Lane, push: LanePush): Lane {
  const { sha, oldSha } = push;
  if (lane.seen.includes(sha) || lane.waiting.some((one) => one.sha === sha)) return lane;
  const links = oldSha === null ? lane.links : remember({ ...lane.links, [sha]: oldSha });
  const newer = [...(lane.last === undefined ? [] : [lane.last]), ...lane.waiting.map((one) => one.sha)];
  if (newer.some((other) => isBefore(links, sha, other))) return withSeen({ ...lane, links }, [sha]);
  const older = lane.waiting.filter((one) => isBefore(links, one.sha, sha));
  const waiting = [...lane.waiting.filter((one) => !older.includes(one)), push];
  return withSeen(
    { ...lane, links, waiting },
    older.map((one) => one.sha),
  );
}

/**
 * The lane with the newest of its waiting pushes made active and the others superseded.
 * @param head the commit that the ref is now, where that is known: it decides among pushes whose order is not
 */
export function promote(lane: Lane, head: string | undefined): Lane {
  const newest = lane.waiting.find(({ sha }) => sha === head) ?? lane.waiting.at(-1);
  if (newest === undefined || lane.active !== undefined) return lane;
  const { notBefore: _, ...rest } = lane;
  const once = onceOfPush(lane, newest.sha);
  const active = { ...newest, once, begun: false };
  return withSeen(
    { ...rest, active, waiting: [], last: newest.sha },
    lane.waiting.map(({ sha }) => sha),
  );
}

/** What the run of a push is made under: whoever begins it, it is one run. */
export function onceOfPush({ recipe, type, repo, ref }: Pick<Lane, 'recipe' | 'type' | 'repo' | 'ref'>, sha: string) {
  return `push ${recipe} ${type} ${repo.toLowerCase()} ${ref} ${sha}`;
}

/** Whether it takes a look at the Hub to say which of the waiting pushes is the newest, or whether any is new at all. */
export function isOrderUnclear(lane: Lane): boolean {
  if (lane.waiting.length > 1) return true;
  const [only] = lane.waiting;
  return only !== undefined && lane.last !== undefined && !isBefore(lane.links, lane.last, only.sha);
}

/** The lane without what waits: its head had a run already, or the recipe watches it no more. */
export function dropWaiting(lane: Lane): Lane {
  return withSeen(
    { ...lane, waiting: [] },
    lane.waiting.map(({ sha }) => sha),
  );
}

/** The lane after its run has ended, or could not be made. */
export function release(lane: Lane): Lane {
  const { active: _, ...rest } = lane;
  return rest;
}

/** The lane whose active push waits again. */
export function putBack(lane: Lane, notBefore: string): Lane {
  if (lane.active === undefined) return lane;
  const { sha, oldSha, ancestry } = lane.active;
  const { active: _, last: __, ...rest } = lane;
  const seen = lane.seen.filter((one) => one !== sha);
  return { ...rest, seen, waiting: [{ sha, oldSha, ancestry }, ...lane.waiting], notBefore };
}

/** Whether a commit comes before another one by the pushes that are known. */
function isBefore(links: Lane['links'], sha: string, other: string): boolean {
  const passed = new Set<string>();
  for (let at = links[other]; at !== undefined && !passed.has(at); at = links[at]) {
    if (at === sha) return true;
    passed.add(at);
  }
  return false;
}

function withSeen(lane: Lane, shas: readonly string[]): Lane {
  return shas.length === 0 ? lane : { ...lane, seen: [...lane.seen, ...shas].slice(-MOST_REMEMBERED) };
}

function remember(links: Record<string, string>): Record<string, string> {
  const entries = Object.entries(links);
  return entries.length <= MOST_REMEMBERED ? links : Object.fromEntries(entries.slice(-MOST_REMEMBERED));
}
