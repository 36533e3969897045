import type { ObjectStore } from '@hubfuse/plugin';
import {
  announcedPublications,
  findPublication,
  isActive,
  type KnownPublication,
  type RunAncestor,
} from '@hubfuse/runs';
import { findRun } from '../starting/begin-run.ts';

/** Longer chains of recipes are cut: no person makes them, and each link costs a run. */
const LONGEST = 32;

/**
 * The publications of ours that led to a push: none for the push of a person. `unknown` while a run is about to note a push to
 * this repository: the Hub tells of it before the run does.
 */
export async function ancestryOf(options: {
  store: ObjectStore;
  repo: string;
  sha: string;
}): Promise<readonly RunAncestor[] | 'unknown'> {
  const { store, repo } = options;
  const known = await findPublication(options);
  if (known !== undefined) return await ancestryOfPublication(store, known);
  for (const runId of await announcedPublications(store, repo)) {
    const run = await findRun(store, runId);
    if (run !== undefined && isActive(run.state.status)) return 'unknown';
  }
  // The run may have noted it between the two looks.
  const noted = await findPublication(options);
  return noted === undefined ? [] : await ancestryOfPublication(store, noted);
}

async function ancestryOfPublication(
  store: ObjectStore,
  { run, recipe, repo, sha }: KnownPublication,
): Promise<readonly RunAncestor[]> {
  const earlier = (await findRun(store, run))?.spec.origin.ancestry ?? [];
  const link: RunAncestor = { run, ...(recipe === undefined ? {} : { recipe }), repo, sha };
  return [...earlier, link].slice(-LONGEST);
}
