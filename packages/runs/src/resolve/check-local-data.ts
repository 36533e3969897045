import type { Registry } from '@hubfuse/plugin';
import type { EvaluateSection } from '@hubfuse/recipe';
import type { PinnedData } from '../run-plan.ts';
import { scoringData } from '../scoring/scoring-data.ts';

/**
 * Reads the local files of examples as they will be read for scoring: what is wrong with them is known before the merge.
 * @throws EvaluationError that names file, and row or column.
 */
export async function checkLocalData(options: {
  evaluate: EvaluateSection;
  data: readonly PinnedData[];
  registry: Registry;
}): Promise<void> {
  const { evaluate, registry } = options;
  const data = options.data.filter(({ kind }) => kind === 'local');
  const datasets = await scoringData({ evaluate, data, paths: data.map(({ path }) => path), registry });
  for (const dataset of datasets) await dataset.load();
}
