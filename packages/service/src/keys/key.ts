/** What a key may do: `read` looks, `run` starts and stops runs and stores recipes, `admin` may do everything. */
export type Scope = 'read' | 'run' | 'admin';

export const SCOPES: readonly Scope[] = ['read', 'run', 'admin'];

/** What is known of a key; the key itself is shown once, when it is made. */
export interface Key {
  /** Names the key in lists and on runs; no secret. */
  id: string;
  /** What a person calls it. */
  name: string;
  scopes: readonly Scope[];
  /** Namespaces of the Hub whose private repositories it may read and that it may publish to; `*` for all. */
  namespaces: readonly string[];
  /** Account of the Hub that it stands for; whoever signs in as that has it, and nobody can show it. */
  account?: string;
  /** Addresses in S3 (`s3://bucket/prefix`) below which it may publish; `*` for wherever the service may. */
  s3: readonly string[];
  /** Runs that it may start on one day (UTC). Absent: as many as it likes. */
  runsPerDay?: number;
  /** ISO 8601. */
  createdAt: string;
  /** ISO 8601; from then on it opens nothing. */
  revokedAt?: string;
}

/** Whether a key may do what a scope allows; `admin` includes the others, and `run` includes `read`. */
export function hasScope(key: Pick<Key, 'scopes'>, scope: Scope): boolean {
  if (key.scopes.includes('admin')) return true;
  return key.scopes.includes(scope) || (scope === 'read' && key.scopes.includes('run'));
}

/** Whether a key may publish to an address in S3. */
export function hasS3(key: Pick<Key, 's3'>, url: string): boolean {
  return key.s3.some((granted) => granted === '*' || isBelow(url, granted));
}

/** Whether an address in S3 lies below another one, or is the same. Settings behind a question mark do not count. */
export function isBelow(url: string, folder: string): boolean {
  return s3Folder(url).startsWith(s3Folder(folder));
}

/** Bucket and prefix with a slash at the end. */
function s3Folder(url: string): string {
  return `${url.replace(/\?.*$/s, '').replace(/\/+$/, '')}/`;
}

/** Whether a key covers a namespace. Names of the Hub differ in more than case. */
export function hasNamespace(key: Pick<Key, 'namespaces'>, namespace: string): boolean {
  const wanted = namespace.toLowerCase();
  return key.namespaces.some((known) => known === '*' || known.toLowerCase() === wanted);
}
