// Carries out one row of the study and says what came of it.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseRecipe } from '@hubfuse/recipe';
import { compareMethods, createRun, executeRun } from '@hubfuse/runs';

/**
 * @param row of `studyRows`
 * @param context {store, registry, hub, folder, results}: `results` holds the rows so far by id
 */
export async function runRow(row, context) {
  const began = performance.now();
  const outcome = await OUTCOMES[row.kind](row, context);
  const { id, zoo, name, of, seed } = row;
  return { id, zoo, name, of, seed, ...outcome, seconds: (performance.now() - began) / 1000 };
}

const OUTCOMES = { compare, run, search };

async function compare(row, context) {
  const { store, registry, hub, folder } = context;
  const variants = row.variants.map(({ label, content }) => ({ label, recipe: read(content, registry) }));
  const { table, best } = await compareMethods({
    candidates: [{ name: row.name, variants }],
    ...{ store, registry, hub, workspace: join(folder, 'work') },
  });
  const chosen = row.variants.find(({ label }) => label === best.label);
  const references = table.rows.filter(({ role }) => role !== 'candidate');
  return { label: best.label, recipe: chosen.content, references, ...scoresOf(best.row) };
}

async function run(row, context) {
  const [{ content }] = row.variants;
  const report = await execute(row, content, context);
  return { label: '', recipe: content, ...scoresOf(report.scores.rows.find(({ role }) => role === 'merged')) };
}

async function search(row, context) {
  const start = context.results.get(row.of);
  if (start?.recipe === undefined) throw new Error(`"${row.of}" has no result to start from`);
  const report = await execute(row, { ...start.recipe, ...row.block, seed: row.seed }, context);
  const { candidates, accepted, spent, examples, ...rest } = report.search;
  return {
    ...scoresOf(report.scores.rows.find(({ role }) => role === 'merged')),
    search: { candidates, accepted, spent, examples, start: rest.start.score, best: rest.best.score },
  };
}

async function execute(row, content, { store, registry, hub, folder }) {
  const out = join(folder, 'models', row.id.replace(/[^\w.-]+/g, '-'));
  const { id: runId } = await createRun({ store, recipe: read(content, registry), options: { out } });
  const report = await executeRun({ store, runId, registry, hub, workspace: join(folder, 'work') });
  // The figures are what a study is for.
  rmSync(out, { recursive: true, force: true });
  return report;
}

function read(content, registry) {
  return parseRecipe(JSON.stringify(content), { registry, file: 'study' });
}

function scoresOf({ dev, test }) {
  return { dev: dev.mean, test: test.mean, outOfDomain: test.outOfDomainMean };
}
