import { stat } from 'node:fs/promises';
import { type HubOptions, openDataset } from '@hubfuse/hub';
import { EvaluationError } from '@hubfuse/plugin';
import type { Calibration } from '@hubfuse/recipe';
import { sha256OfFile } from '@hubfuse/tensors';
import { absolutePath } from '../resolve/open-inputs.ts';
import { requestedRevisionOf } from '../resolve/requested-revision.ts';
import type { PinnedCalibration } from './statistics-plan.ts';

/**
 * Pins the file of examples: a Hub file to a commit, a local one by its SHA-256.
 * @throws EvaluationError `evaluate/no-such-file`, HubError where a repository cannot be had
 */
export async function pinCalibration(options: {
  calibration: Calibration;
  workingDirectory: string;
  hub: HubOptions;
}): Promise<PinnedCalibration> {
  const { calibration, workingDirectory, hub } = options;
  const { data } = calibration;
  if (data.kind === 'local') {
    const path = absolutePath(data.path, workingDirectory);
    const facts = await stat(path).catch((cause: unknown) => {
      throw noSuchFile(
        calibration,
        `the file ${path} cannot be read`,
        'paths of data start at the working directory',
        cause,
      );
    });
    return { kind: 'local', path, size: facts.size, sha256: await sha256OfFile(path, hub.signal) };
  }
  const { repo, revision, path } = data;
  const source = await openDataset({ kind: 'hub', repo, revision }, hub);
  const file = source.files.find((candidate) => candidate.path === path);
  if (file === undefined) {
    const known = source.files.slice(0, 10).map((candidate) => candidate.path);
    throw noSuchFile(calibration, `the dataset ${source.name} has no file ${path}`, `it has ${known.join(', ')}`);
  }
  return {
    ...{ kind: 'hub', repo: source.name, path, size: file.size },
    ...(source.revision === undefined ? {} : { revision: source.revision }),
    ...requestedRevisionOf(source),
  };
}

function noSuchFile(calibration: Calibration, message: string, hint: string, cause?: unknown): EvaluationError {
  return new EvaluationError({ code: 'evaluate/no-such-file', where: calibration.path, message, hint, cause });
}
