import { stringify } from 'yaml';
import type { CardContent, CardDataset, CardScoreRow, CardScores } from './card-types.ts';

/** Names of metrics as tables show them. */
const METRIC_TITLES: Readonly<Record<string, string>> = {
  accuracy: 'Accuracy',
  f1: 'F1',
  macro_f1: 'Macro F1',
  micro_f1: 'Micro F1',
  matthews: 'Matthews correlation',
};

/** The Hub's words for metrics that hubfuse names otherwise. */
const METRIC_TYPES: Readonly<Record<string, string>> = {
  macro_f1: 'f1',
  micro_f1: 'f1',
  matthews: 'matthews_correlation',
};

export function metricTitle(metric: string): string {
  return METRIC_TITLES[metric] ?? metric;
}

/** The card's front matter with its fences, as the Hub's model card specification has it. */
export function renderFrontMatter(content: CardContent): string {
  const { manifest, licence, method } = content;
  const parents = manifest.inputs.filter(({ kind }) => kind === 'hub').map(({ name }) => name);
  const fields = {
    license: licence.licence,
    license_name: licence.licenceName,
    license_link: licence.licenceLink,
    // No library loads a merge per task as it is.
    library_name: content.tasks === undefined ? (content.libraryName ?? 'transformers') : 'hubfuse',
    pipeline_tag: content.tasks === undefined ? content.pipelineTag : undefined,
    base_model: listed(parents),
    base_model_relation: parents.length === 0 ? undefined : 'merge',
    tags: listed(['merge', 'hubfuse', method.name, ...(content.tags ?? [])]),
    datasets: listed(content.datasets ?? []),
    language: listed(content.languages ?? []),
    'model-index': modelIndex(content),
  };
  const stated = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
  return `---\n${stringify(stated, { lineWidth: 0 })}---\n`;
}

function listed(values: readonly string[]): string[] | undefined {
  const unique = [...new Set(values)];
  return unique.length === 0 ? undefined : unique;
}

function modelIndex({ title, scores }: CardContent): unknown[] | undefined {
  const merge = scores?.rows.find(({ role }) => role === 'merge');
  if (scores === undefined || merge === undefined) return undefined;
  const results = scores.datasets.flatMap((dataset) => resultOf({ scores, merge, dataset }));
  return results.length === 0 ? undefined : [{ name: title, results }];
}

function resultOf(input: { scores: CardScores; merge: CardScoreRow; dataset: CardDataset }): unknown[] {
  const { scores, merge, dataset } = input;
  const value = merge.values[dataset.name];
  if (value === undefined) return [];
  return [
    {
      task: { type: scores.task },
      dataset: {
        type: dataset.repo ?? dataset.name,
        name: dataset.name,
        split: scores.split,
        ...(dataset.revision === undefined ? {} : { revision: dataset.revision }),
      },
      metrics: [{ type: METRIC_TYPES[scores.metric] ?? scores.metric, value, name: metricTitle(scores.metric) }],
    },
  ];
}
