import { stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { type HubOptions, openDataset, openModel } from '@hubfuse/hub';
import type { MergePlan } from '@hubfuse/merge';
import { type ModelSource, type ModelStatistics, type StatisticRequest, StatisticsError } from '@hubfuse/plugin';
import type { StatisticsFile } from '@hubfuse/recipe';
import { readStatistics } from '@hubfuse/statistics';
import { readRange } from '@hubfuse/tensors';
import { absolutePath } from '../resolve/open-inputs.ts';
import { requestedRevisionOf } from '../resolve/requested-revision.ts';
import type { FoundStatistics } from './statistics-plan.ts';

/** Opens the statistics file that a recipe names. @throws StatisticsError, HubError */
export async function openNamedStatistics(options: {
  named: StatisticsFile;
  request: StatisticRequest;
  workingDirectory: string;
  hub: HubOptions;
}): Promise<ModelStatistics> {
  const { named, request, workingDirectory, hub } = options;
  if (named.kind === 'local') {
    const path = absolutePath(named.path, workingDirectory);
    const source = await fileSource(path, named.reference, named.place);
    return await readStatistics({ source, path: basename(path), request });
  }
  const { type, repo, revision, path, reference } = named;
  const open = type === 'model' ? openModel : openDataset;
  return await readStatistics({ source: await open({ kind: 'hub', repo, revision, reference }, hub), path, request });
}

/** A folder as a source of one of its files. */
export async function fileSource(path: string, reference = path, where = path): Promise<ModelSource> {
  const { size } = await stat(path).catch((cause: unknown) => {
    throw new StatisticsError({
      code: 'statistics/no-file',
      where,
      message: `the statistics file ${path} cannot be read`,
      hint: 'relative paths start at the working directory',
      cause,
    });
  });
  const folder = dirname(path);
  return {
    ...{ reference, name: folder, kind: 'folder', folder },
    files: [{ path: basename(path), size }],
    read: (file, range) => readRange(join(folder, file), range),
  };
}

/** What a plan keeps of a statistics file. */
export function pinStatistics(statistics: ModelStatistics, type: 'model' | 'dataset'): FoundStatistics {
  const { source, path, sha256 } = statistics;
  const { reference, name, kind, revision, folder, files } = source;
  return {
    ...{ reference, name, kind, type, file: path },
    size: files.find((file) => file.path === path)?.size ?? 0,
    ...(revision === undefined ? {} : { revision }),
    ...requestedRevisionOf(source),
    ...(kind === 'folder' && folder !== undefined ? { path: folder } : {}),
    ...(sha256 === undefined ? {} : { sha256 }),
  };
}

/** Opens the statistics of a merge's models again, where they were brought to. */
export async function reopenStatistics({
  merge,
  folders,
}: {
  merge: Pick<MergePlan, 'statistics'>;
  /** Folder of each file. */
  folders: readonly string[];
}): Promise<ModelStatistics[]> {
  return await Promise.all(
    merge.statistics.map(async ({ path, reference, kind, variant }, index) => {
      const source = await fileSource(join(folders[index] ?? '', path), reference);
      return await readStatistics({ source, path, request: { kind, variant } });
    }),
  );
}
