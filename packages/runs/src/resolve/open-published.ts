import { type HubOptions, openModel } from '@hubfuse/hub';
import { HubError, type ModelSource } from '@hubfuse/plugin';
import type { HubTarget } from '@hubfuse/recipe';

const NOTHING_THERE = new Set(['hub/repo-not-found', 'hub/revision-not-found', 'hub/no-commit', 'hub/not-a-model']);

/** The model that the target of a publication holds now; undefined where it holds none. */
export async function openPublished(target: HubTarget, hub: HubOptions): Promise<ModelSource | undefined> {
  try {
    const source = await openModel({ kind: 'hub', repo: target.repo, revision: target.branch }, hub);
    return source.files.some(({ path }) => path.endsWith('.safetensors')) ? source : undefined;
  } catch (error) {
    if (error instanceof HubError && NOTHING_THERE.has(error.code)) return undefined;
    throw error;
  }
}
