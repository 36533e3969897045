// The example: serves the zoo as a Hub, merges four specialists by URL with several methods, each at the coefficient
// that is best on development data, lets the models of the winner evolve for a moment, and publishes what comes of it to
// that Hub. All state lies in the one folder given.
import { readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { hubOptionsFromEnvironment } from '@hubfuse/hub';
import { startHubServer } from '@hubfuse/hub-server';
import { openStore } from '@hubfuse/objects';
import { HubfuseError } from '@hubfuse/plugin';
import { parseRecipe } from '@hubfuse/recipe';
import { compareMethods, createRun, executeRun } from '@hubfuse/runs';
import { createRegistry, describeSearch, renderScores } from 'hubfuse';
import { parse } from 'yaml';
import { importExamples } from './example-hub.mjs';

const file = join(dirname(dirname(fileURLToPath(import.meta.url))), 'examples', 'support-intents.yaml');
const LAMBDAS = [0.3, 0.4, 0.5, 0.6];

/** What is compared. Averaging knows no base and no coefficient. */
const CANDIDATES = [
  { name: 'average', merge_method: 'linear' },
  { name: 'task arithmetic', merge_method: 'task_arithmetic', lambdas: LAMBDAS },
  { name: 'TIES', merge_method: 'ties', parameters: { scope: 'model', density: 0.2 }, lambdas: LAMBDAS },
  { name: 'PCB', merge_method: 'pcb', parameters: { ratio: 0.1 }, lambdas: LAMBDAS },
];

/**
 * @param {string} folder absolute path; created where it does not exist
 * @param {{limit?: number}} [options] limit: at most so many examples of each dataset
 * @returns {Promise<number>} exit code
 */
export async function runExample(folder, { limit } = {}) {
  const hubFolder = join(folder, 'hub');
  await importExamples(hubFolder);
  const server = await startHubServer({ folder: hubFolder });
  const say = (text) => process.stderr.write(`${text}\n`);
  try {
    say(`a Hub with the example's models is at ${server.url}`);
    const registry = await createRegistry(folder, []);
    const store = await openStore(join(folder, 'store'), registry);
    const hub = await hubOptionsFromEnvironment({
      hubUrl: server.url,
      token: 'hf_example',
      cacheDir: join(folder, 'cache'),
    });
    const workspace = join(folder, 'work');
    const { table, best } = await compareMethods({
      candidates: candidates(registry, server.url, limit),
      ...{ store, registry, hub, workspace },
      onStep: say,
      onWarning: ({ message }) => say(`warning: ${message}`),
    });
    const out = join(folder, 'support-intents');
    rmSync(out, { recursive: true, force: true });
    const recipe = evolving(best.recipe, { registry, hub: server.url });
    const { id: runId } = await createRun({ store, recipe, options: { hubUrl: server.url, out } });
    say(`letting the models evolve in front of ${best.row.name}`);
    const report = await executeRun({
      ...{ store, runId, registry, hub, workspace },
      onEvent: (event) => sayDecision(say, event),
    });
    const evolved = report.scores.rows.find(({ role }) => role === 'merged');
    table.rows.push({ ...evolved, role: 'candidate', name: `${best.row.name}, evolved` });
    process.stdout.write(`\naccuracy in percent on test data\n\n${renderScores(table, 'test')}\n\n`);
    process.stdout.write(`best on development data: ${best.row.name}\n`);
    process.stdout.write(`${describeSearch(report.search, report.folder)}\n`);
    for (const { url } of report.published) process.stdout.write(`published: ${url}\n`);
    process.stdout.write(`folder:    ${report.folder}\n`);
    process.stdout.write(`its Hub can be served again: npx hubfuse serve-hub ${hubFolder}\n`);
    return 0;
  } catch (error) {
    if (!(error instanceof HubfuseError)) throw error;
    say(`error: ${error.message}`);
    return 1;
  } finally {
    await server.close();
  }
}

/** The recipe with a short evolution of its models, seen by the merge that they make. */
function evolving(recipe, { registry, hub }) {
  const content = { ...parse(recipe.source.text), evolve: { mode: 'blend', generations: 2 } };
  return parseRecipe(JSON.stringify(content), { registry, hub, file });
}

function sayDecision(say, { type, search }) {
  if (type !== 'search' || search.type !== 'candidate') return;
  const { record, best, spent } = search;
  const fate = record.accepted ? 'accepted' : 'rejected';
  const saved = (100 * (1 - spent.examples / spent.examplesInFull)).toFixed(0);
  say(
    `  generation ${record.generation + 1}, candidate ${record.number + 1}: ${fate}; best ${(100 * best).toFixed(2)}, ` +
      `${saved} % of the examples saved`,
  );
}

/** The recipe of the example with another method and coefficient, one for each variant. */
function candidates(registry, hub, limit) {
  const { base_model, parameters: _, ...written } = parse(readFileSync(file, 'utf8'));
  const recipe = { ...written, evaluate: { ...written.evaluate, ...(limit === undefined ? {} : { limit }) } };
  const read = (content) => parseRecipe(JSON.stringify(content), { registry, hub, file });
  return CANDIDATES.map(({ name, merge_method, parameters, lambdas }) => ({
    name,
    variants:
      lambdas === undefined
        ? [
            {
              label: '',
              recipe: read({ ...recipe, merge_method, publish: { ...recipe.publish, if: 'mean > best_parent' } }),
            },
          ]
        : lambdas.map((lambda) => ({
            label: `lambda ${lambda}`,
            recipe: read({ ...recipe, merge_method, base_model, parameters: { ...parameters, lambda } }),
          })),
  }));
}
