import { basename } from 'node:path';
import type { CardContent, CardScoreRow, CardScores, Manifest } from '@hubfuse/hub';
import type { Registry } from '@hubfuse/plugin';
import type { GateReport, ScoreRole, ScoreTable } from '../report.ts';
import type { RunPlan } from '../run-plan.ts';
import type { SearchSummary } from '../search/search-summary.ts';
import { cardSearch } from './card-search.ts';

const CARD_ROLES: Readonly<Record<ScoreRole, CardScoreRow['role']>> = {
  merged: 'merge',
  candidate: 'reference',
  parent: 'model',
  base: 'base',
  average: 'reference',
  ensemble: 'reference',
  published: 'reference',
};

/** What the card of a run says. */
export function cardOfRun(options: {
  plan: RunPlan;
  manifest: Manifest;
  scores: ScoreTable | undefined;
  /** The condition for publishing, where there is one. */
  gate: GateReport | undefined;
  /** How the merge was found, where it was searched for. */
  search: SearchSummary | undefined;
  /** Whether `onnx/model.onnx` stands in the folder. */
  onnx: boolean;
  /** Address of the Hub that the models came from. */
  hubUrl: string | undefined;
  registry: Registry;
}): CardContent {
  const { plan, manifest, scores, gate, search, onnx, hubUrl, registry } = options;
  const { name, title, description, sources, evolves } = registry.get('method', plan.recipe.method);
  const { pipelineTag, libraryName, languages, datasets } = plan.card;
  const scoredOn = plan.data.flatMap(({ repo }) => (repo === undefined ? [] : [repo]));
  return {
    title: manifest.name,
    manifest,
    method: { name, title, description, sources },
    licence: plan.licence,
    pipelineTag: pipelineTag ?? plan.recipe.evaluate?.task,
    libraryName,
    languages,
    datasets: [...new Set([...datasets, ...scoredOn])],
    tags: search === undefined ? [] : [search.kind === 'evolution' ? 'evolver' : 'cma-es'],
    scores: scores === undefined ? undefined : cardScores(scores, plan),
    gate,
    search: search && cardSearch(search, { title, alone: evolves === true }),
    repo: plan.recipe.publish?.hub?.repo,
    onnx,
    tasks: plan.merge.tasks?.map((task) => task.name),
    hubUrl,
  };
}

/** Test scores; development scores where no dataset has a test split. */
function cardScores(table: ScoreTable, plan: RunPlan): CardScores | undefined {
  const split = table.rows.some(({ test }) => test !== undefined) ? 'test' : 'dev';
  const rows = table.rows.flatMap((row) => {
    const scores = row[split];
    if (scores === undefined) return [];
    const difference = row.difference?.[split];
    return [{ name: row.name, role: CARD_ROLES[row.role], values: scores.datasets, mean: scores.mean, difference }];
  });
  if (rows.length === 0) return undefined;
  const datasets = table.datasets.flatMap((column) => {
    const examples = column.examples[split];
    const data = plan.data.find((file) => file.dataset === column.name && file.split === split);
    if (examples === undefined || data === undefined) return [];
    const { repo, revision } = data;
    const file = data.kind === 'hub' ? data.path : basename(data.path);
    return [{ name: column.name, repo, revision, file, inDomain: column.domain === 'in', examples }];
  });
  const { environment } = table;
  return {
    task: table.task,
    metric: table.metric,
    split,
    datasets,
    rows,
    ...(environment === undefined
      ? {}
      : { computedWith: `${environment.processor}, onnxruntime ${environment.onnxruntime} (${environment.provider})` }),
  };
}
