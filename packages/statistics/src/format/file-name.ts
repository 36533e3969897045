import type { StatisticRequest } from '@hubfuse/plugin';

/** Folder of a model's repository in which its statistics are looked for. */
export const STATISTICS_FOLDER = 'hubfuse';

/**
 * Where statistics stand inside a model's repository: `hubfuse/<kind>-<variant>-<dataset>.safetensors`. Characters of
 * the dataset's name other than letters, digits, `.`, `_` and `-` become `-`.
 */
export function statisticsPath({ kind, variant }: StatisticRequest, dataset: string): string {
  const name = dataset.replace(/[^\w.-]+/g, '-').replace(/^[-.]+|[-.]+$/g, '');
  return `${STATISTICS_FOLDER}/${kind}-${variant}-${name === '' ? 'data' : name}.safetensors`;
}

/** Whether a file of a repository holds, by its name, statistics of that kind and variant. */
export function isStatisticsPath(path: string, { kind, variant }: StatisticRequest): boolean {
  return path.startsWith(`${STATISTICS_FOLDER}/${kind}-${variant}-`) && path.endsWith('.safetensors');
}
