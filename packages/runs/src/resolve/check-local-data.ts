import type { Registry } from '@hubfuse/plugin';
import type { EvaluateSection } from '@hubfuse/recipe';
import type { PinnedData } from '../run-plan.ts';
import { scoringData } from '../scoring/scoring-data.ts';

/**
 * Reads the local files of examples as they will be read for scoring: what is wrong with them is known before the merge.
 * @returns the number of development examples in the domain, where all of their files are local
 * @throws EvaluationError that names file, and row or column.
 */
export async function checkLocalData(options: {
  evaluate: EvaluateSection;
  data: readonly PinnedData[];
  registry: Registry;
}): Promise<number | undefined> {
  const { evaluate, registry } = options;
  const data = options.data.filter(({ kind }) => kind === 'local');
  const datasets = await scoringData({ evaluate, data, paths: data.map(({ path }) => path), registry });
  let examples = 0;
  for (const { split, domain, load } of datasets) {
    const loaded = await load();
    if (split === 'dev' && domain === 'in') examples += loaded.examples.length;
  }
  const isRemote = options.data.some(({ kind, split }) => kind === 'hub' && split === 'dev');
  return isRemote ? undefined : examples;
}
