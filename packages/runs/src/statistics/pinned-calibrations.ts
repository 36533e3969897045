import { basename } from 'node:path';
import type { Manifest, ManifestCalibration } from '@hubfuse/hub';
import { RunError } from '@hubfuse/plugin';
import type { ModelEntry, Recipe } from '@hubfuse/recipe';
import { sha256OfFile } from '@hubfuse/tensors';
import { absolutePath } from '../resolve/open-inputs.ts';
import type { PinnedCalibration } from './statistics-plan.ts';

/** What a manifest keeps of a file of examples: enough to find it again, or to tell that it is another one. */
export function manifestCalibration({ kind, repo, revision, path, sha256 }: PinnedCalibration): ManifestCalibration {
  if (kind === 'local') return { path: basename(path), ...(sha256 === undefined ? {} : { sha256 }) };
  return { ...(repo === undefined ? {} : { repo }), ...(revision === undefined ? {} : { revision }), path };
}

/**
 * The recipe of a manifest with the examples that its statistics were gathered on: those of a Hub at their commit, local ones as
 * they were.
 * @throws RunError `run/input-changed` where a local file is gone or is another one
 */
export async function withPinnedCalibrations(
  recipe: Recipe,
  options: { manifest: Manifest; workingDirectory: string; signal?: AbortSignal | undefined },
): Promise<Recipe> {
  const { manifest, workingDirectory, signal } = options;
  const models: ModelEntry[] = [];
  for (const [index, entry] of recipe.models.entries()) {
    const { calibration } = entry;
    const pinned = manifest.statistics?.[index]?.calibration;
    if (calibration === undefined || pinned === undefined) models.push(entry);
    else if (calibration.data.kind === 'hub') {
      models.push({
        ...entry,
        calibration: { ...calibration, data: { ...calibration.data, revision: pinned.revision } },
      });
    } else {
      const path = absolutePath(calibration.data.path, workingDirectory);
      const sha256 = await sha256OfFile(path, signal).catch(() => undefined);
      signal?.throwIfAborted();
      if (sha256 !== pinned.sha256) throw otherData({ path, model: entry.text, isGone: sha256 === undefined });
      models.push(entry);
    }
  }
  return { ...recipe, models };
}

function otherData({ path, model, isGone }: { path: string; model: string; isGone: boolean }): RunError {
  const what = `the examples that statistics of ${model} were gathered on for this merge`;
  return new RunError({
    code: 'run/input-changed',
    where: path,
    message: isGone ? `${what} are not there` : `${what} were others than those that stand there now`,
    hint: 'it can only be merged again with the same examples; relative paths start at the working directory',
  });
}
