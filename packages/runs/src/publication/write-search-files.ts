import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SearchState } from '@hubfuse/evolve';
import { getJson } from '@hubfuse/objects';
import { RunError } from '@hubfuse/plugin';
import { writeWhole } from '@hubfuse/tensors';
import { runKeys } from '../keys.ts';
import type { PhaseContext } from '../phase.ts';
import type { ScoreTable } from '../report.ts';
import type { RunPlan } from '../run-plan.ts';
import { candidateLines } from '../search/candidate-lines.ts';
import { individualsOf } from '../search/evolve-models.ts';
import { foundSearch } from '../search/found-search.ts';
import { renderSearchReport } from '../search/report/render-report.ts';
import { DECISIONS_FILE, REPORT_FOLDER, renderDecisions } from '../search/search-files.ts';
import type { SearchSummary } from '../search/search-summary.ts';

/**
 * Puts a search's decisions into the model's folder, and its candidates and report both there and into the store. Returns
 * how the search went; undefined where the run has none.
 */
export async function writeSearchFiles(options: {
  context: PhaseContext;
  plan: RunPlan;
  folder: string;
  scores: ScoreTable | undefined;
}): Promise<SearchSummary | undefined> {
  const { context, plan, folder, scores } = options;
  if (plan.search === undefined) return undefined;
  const { spec, execution } = context;
  const { store, registry } = execution;
  const { summary } = await foundSearch(store, spec.id);
  const state = await storedState(context);
  const { title, evolves } = registry.get('method', plan.recipe.method);
  const names = {
    models: individualsOf(plan.merge),
    coefficients: summary.coefficients?.map(({ name }) => name) ?? [],
  };
  const files = {
    candidates: { path: 'candidates.jsonl', text: candidateLines(state, names) },
    report: {
      path: 'report.html',
      text: renderSearchReport({
        name: spec.name,
        method: title,
        alone: evolves === true,
        ...names,
        state,
        summary,
        scores,
      }),
    },
  };
  await writeWhole(join(folder, DECISIONS_FILE), (handle) => handle.writeFile(renderDecisions(state)));
  await mkdir(join(folder, REPORT_FOLDER), { recursive: true });
  for (const [kind, { path, text }] of Object.entries(files) as [keyof typeof files, (typeof files)['report']][]) {
    await writeFile(join(folder, REPORT_FOLDER, path), text);
    const location = runKeys(spec.id).search[kind];
    await store.put(location, new TextEncoder().encode(text));
    await context.artefact({ name: `search: ${path}`, kind: 'object', location });
  }
  return summary;
}

async function storedState({ spec, execution }: PhaseContext): Promise<SearchState> {
  const { store } = execution;
  const found = await getJson<SearchState>(store, runKeys(spec.id).search.checkpoint);
  if (found !== undefined) return found.value;
  throw new RunError({
    code: 'run/no-search',
    message: `the decisions of the search of the run "${spec.id}" are gone from ${store.url}`,
    hint: 'start a fresh run',
  });
}
