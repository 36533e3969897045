/** What a ref of git is, with its plain name. Other refs (`refs/convert/parquet`) keep their whole name. */
export interface RefName {
  kind: 'branch' | 'tag' | 'pull-request' | 'other';
  name: string;
}

/** `refs/heads/main` is the branch `main`; `refs/pr/3` keeps its name. */
export function refName(ref: string): RefName {
  const branch = /^refs\/heads\/(.+)$/.exec(ref)?.[1];
  if (branch !== undefined) return { kind: 'branch', name: branch };
  const tag = /^refs\/tags\/(.+)$/.exec(ref)?.[1];
  if (tag !== undefined) return { kind: 'tag', name: tag };
  return { kind: /^refs\/pr\/\d+$/.test(ref) ? 'pull-request' : 'other', name: ref };
}

/** A revision of a recipe by the name that a push to it would have; undefined for a commit, which never changes. */
export function watchedName(revision: string): string | undefined {
  if (/^[0-9a-f]{40}$/.test(revision)) return undefined;
  const { name } = refName(revision);
  return /^pr\/\d+$/.test(name) ? `refs/${name}` : name;
}
