// Merges in a process of its own, so that its peak memory is that of the merge and nothing else. Takes one argument, the
// JSON of {recipe, out, workers?, memory?} with local folders as models; prints {seconds, peakBytes, files} as JSON.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { executeMerge, planMerge, registerMethods } from '@hubfuse/merge';
import { Registry } from '@hubfuse/plugin';
import { parseRecipe } from '@hubfuse/recipe';
import { folderSource, readCheckpoint } from '@hubfuse/tensors';
import { peakMemory } from './peak-memory.mjs';

async function openInput({ reference }) {
  const source = await folderSource(reference.path);
  const config = JSON.parse(await readFile(join(reference.path, 'config.json'), 'utf8'));
  return { source, checkpoint: await readCheckpoint(source), config };
}

const { recipe: text, out, workers, memory } = JSON.parse(process.argv[2]);
const registry = new Registry();
await registerMethods(registry);
const recipe = parseRecipe(JSON.stringify(text), { registry });
const base = recipe.base && (await openInput(recipe.base));
const models = await Promise.all(recipe.models.map(openInput));
const plan = planMerge({ recipe, base, models, registry });
const folders = [base, ...models].filter((input) => input !== undefined).map(({ source }) => source.folder);

const start = performance.now();
const { files } = await executeMerge({ plan, folders, out, registry, workers, memory });
const seconds = (performance.now() - start) / 1000;
const peakBytes = peakMemory();
process.stdout.write(JSON.stringify({ seconds, peakBytes, files }));
