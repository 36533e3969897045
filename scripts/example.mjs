// The example: serves the zoo as a Hub, merges four specialists by URL with several methods, each at the coefficient
// that is best on development data, and publishes the winner to that Hub. All state lies in the one folder given.
import { readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { hubOptionsFromEnvironment } from '@hubfuse/hub';
import { startHubServer } from '@hubfuse/hub-server';
import { openStore } from '@hubfuse/objects';
import { HubfuseError } from '@hubfuse/plugin';
import { parseRecipe } from '@hubfuse/recipe';
import { compareMethods, createRun, executeRun } from '@hubfuse/runs';
import { createRegistry, renderScores } from 'hubfuse';
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
    const { id: runId } = await createRun({ store, recipe: best.recipe, options: { hubUrl: server.url, out } });
    say(`publishing ${best.row.name}`);
    const report = await executeRun({ ...{ store, runId, registry, hub, workspace } });
    process.stdout.write(`\naccuracy in percent on test data\n\n${renderScores(table, 'test')}\n\n`);
    process.stdout.write(`best on development data: ${best.row.name}\n`);
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
