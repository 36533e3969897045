// Creates or resumes a run and executes it, as a program of its own that a test may kill. One argument: JSON with
// `store`, `workspace`, `cacheDir`, `hubUrl`, `recipe`, `directory`, `workers`, `out` and `leaseMs`. Prints events and the report as JSON lines.
import { readFile } from 'node:fs/promises';
import { registerEvaluation } from '@hubfuse/evaluate';
import { registerArchitectures } from '@hubfuse/graphs';
import { registerPublishers } from '@hubfuse/hub';
import { registerMethods } from '@hubfuse/merge';
import { openStore, registerStores } from '@hubfuse/objects';
import { Registry } from '@hubfuse/plugin';
import { parseRecipe } from '@hubfuse/recipe';
import { createRun, executeRun } from '@hubfuse/runs';

const {
  store: location,
  workspace,
  cacheDir,
  hubUrl,
  recipe,
  directory,
  workers,
  out,
  leaseMs,
} = JSON.parse(process.argv[2] ?? '');
const print = (value) => process.stdout.write(`${JSON.stringify(value)}\n`);
const registry = new Registry();
const rooms = [registerStores, registerMethods, registerArchitectures, registerEvaluation, registerPublishers];
for (const register of rooms) await register(registry);
const store = await openStore(location, registry);
try {
  const { id } = await createRun({
    store,
    recipe: parseRecipe(await readFile(recipe, 'utf8'), { registry, hub: hubUrl, file: recipe, base: 'later' }),
    options: { out, hubUrl, workingDirectory: directory },
  });
  const report = await executeRun({
    store,
    runId: id,
    registry,
    hub: { cacheDir, token: 'hf_you', rangeBytes: 256 * 1024 },
    workspace,
    workers,
    leaseMs,
    onEvent: print,
  });
  print({ report });
} catch (error) {
  print({ error: 'code' in error ? error.toJSON() : String(error.stack) });
  process.exitCode = 1;
}
