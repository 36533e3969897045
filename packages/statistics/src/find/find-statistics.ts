import { type ModelSource, type ModelStatistics, type StatisticRequest, StatisticsError } from '@hubfuse/plugin';
import { isStatisticsPath } from '../format/file-name.ts';
import { readStatistics } from '../format/read-statistics.ts';

/**
 * The statistics that a model's repository or folder brings along, or undefined where it has none of the kind.
 * @throws StatisticsError `statistics/ambiguous` where there are several, for a choice among datasets is the user's
 */
export async function findStatistics(
  source: ModelSource,
  request: StatisticRequest,
): Promise<ModelStatistics | undefined> {
  const [path, ...others] = source.files.map((file) => file.path).filter((name) => isStatisticsPath(name, request));
  if (path === undefined) return undefined;
  if (others.length === 0) return await readStatistics({ source, path, request });
  throw new StatisticsError({
    code: 'statistics/ambiguous',
    where: source.name,
    message: `the model has ${request.kind} statistics of several datasets: ${[path, ...others].join(', ')}`,
    hint: `name one of them under \`statistics:\` of the model`,
  });
}
