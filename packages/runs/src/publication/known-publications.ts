import { createHash } from 'node:crypto';
import { getJson, listAll, toJson } from '@hubfuse/objects';
import type { ObjectStore } from '@hubfuse/plugin';

/** What a run of this store published to the Hub: by this its own pushes are told from those of others. */
export interface KnownPublication {
  run: string;
  /** Name of the stored recipe that the run is of. */
  recipe?: string;
  repo: string;
  /** The commit, on the branch or at the head of the pull request. */
  sha: string;
  /** Address of the model page or of the pull request. */
  url: string;
  as?: 'commit' | 'pull_request';
  /** Identity of the content (`manifestDigest`): it stays when a pull request is merged and gets another commit. */
  content?: string;
  /** ISO 8601. */
  at: string;
}

/** Names of the Hub differ in more than case, and hold what no key does. */
function folderOf(repo: string): string {
  return `publications/${createHash('sha256').update(repo.toLowerCase()).digest('hex').slice(0, 24)}/`;
}

const intentKey = (repo: string, run: string) => `${folderOf(repo)}intents/${run}.json`;
const publicationKey = (repo: string, sha: string) => `${folderOf(repo)}commits/${sha}.json`;

/** Says beforehand that a run is about to push to a repository. */
export async function announcePublication(store: ObjectStore, repo: string, run: string): Promise<void> {
  await store.put(intentKey(repo, run), toJson({ run }));
}

/** Keeps what was published, and ends its announcement. */
export async function notePublication(store: ObjectStore, publication: KnownPublication): Promise<void> {
  const { repo, sha, run } = publication;
  await store.create(publicationKey(repo, sha), toJson(publication));
  await store.delete(intentKey(repo, run));
}

/** The publication that a commit of a repository is, where a run of this store made it. */
export async function findPublication(options: {
  store: ObjectStore;
  repo: string;
  sha: string;
}): Promise<KnownPublication | undefined> {
  const { store, repo, sha } = options;
  return (await getJson<KnownPublication>(store, publicationKey(repo, sha)))?.value;
}

/** Runs that announced a push to a repository and have not noted it. */
export async function announcedPublications(store: ObjectStore, repo: string): Promise<string[]> {
  const prefix = `${folderOf(repo)}intents/`;
  const runs: string[] = [];
  for await (const key of listAll(store, prefix)) runs.push(key.slice(prefix.length, -'.json'.length));
  return runs;
}

/** What runs of this store published to a repository, the latest first. */
export async function listPublications(store: ObjectStore, repo: string): Promise<KnownPublication[]> {
  const publications: KnownPublication[] = [];
  for await (const key of listAll(store, `${folderOf(repo)}commits/`)) {
    const found = await getJson<KnownPublication>(store, key);
    if (found !== undefined) publications.push(found.value);
  }
  return publications.sort((a, b) => (a.at < b.at ? 1 : -1));
}
