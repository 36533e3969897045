import { type HubOptions, MANIFEST_FILE, manifestDigest, openModel, parseManifest } from '@hubfuse/hub';
import { HubError, type ObjectStore } from '@hubfuse/plugin';
import {
  announcedPublications,
  findPublication,
  isActive,
  type KnownPublication,
  listPublications,
  type RunAncestor,
} from '@hubfuse/runs';
import { findRun, findState } from '../starting/begin-run.ts';

/** Longer chains of recipes are cut: no person makes them, and each link costs a run. */
const LONGEST = 32;
const GONE = new Set([
  'hub/revision-not-found',
  'hub/repo-not-found',
  'hub/file-not-found',
  'hub/bad-manifest',
  'hub/newer-manifest',
]);

/**
 * The publications of ours that led to a push: none for the push of a person. `unknown` while a run is about to note a push to
 * this repository: the Hub tells of it before the run does.
 */
export async function ancestryOf(options: {
  store: ObjectStore;
  hub: HubOptions;
  repo: string;
  sha: string;
}): Promise<readonly RunAncestor[] | 'unknown'> {
  const { store, hub, repo, sha } = options;
  const known = await findPublication(options);
  if (known !== undefined) return await ancestryOfPublication(store, known);
  for (const runId of await announcedPublications(store, repo)) {
    const state = await findState(store, runId);
    if (state !== undefined && isActive(state.status)) return 'unknown';
  }
  // The run may have noted it between the two looks.
  const noted = (await findPublication(options)) ?? (await publicationByContent({ store, hub, repo, sha }));
  return noted === undefined ? [] : await ancestryOfPublication(store, noted);
}

/**
 * A pull request of ours that was merged has another commit, and a person may have edited the card since: what it holds says
 * which publication it is. Costs nothing for repositories that no run published to.
 */
async function publicationByContent(options: {
  store: ObjectStore;
  hub: HubOptions;
  repo: string;
  sha: string;
}): Promise<KnownPublication | undefined> {
  const { store, hub, repo, sha } = options;
  const publications = await listPublications(store, repo);
  if (publications.length === 0) return undefined;
  try {
    const source = await openModel({ kind: 'hub', repo, revision: sha }, hub);
    if (!source.files.some(({ path }) => path === MANIFEST_FILE)) return undefined;
    const text = new TextDecoder().decode(await source.read(MANIFEST_FILE));
    const digest = manifestDigest(parseManifest(text, `${repo}/${MANIFEST_FILE}`));
    return publications.find(({ content }) => content === digest);
  } catch (error) {
    // The commit is gone by now, or the file is none of hubfuse's.
    if (error instanceof HubError && GONE.has(error.code)) return undefined;
    throw error;
  }
}

async function ancestryOfPublication(
  store: ObjectStore,
  { run, recipe, repo, sha }: KnownPublication,
): Promise<readonly RunAncestor[]> {
  const earlier = (await findRun(store, run))?.spec.origin.ancestry ?? [];
  const link: RunAncestor = { run, ...(recipe === undefined ? {} : { recipe }), repo, sha };
  return [...earlier, link].slice(-LONGEST);
}
