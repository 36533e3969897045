// Plans a merge of models that lie in folders.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { planMerge } from '@hubfuse/merge';
import { parseRecipe } from '@hubfuse/recipe';
import { folderSource, readCheckpoint } from '@hubfuse/tensors';

/** @param {{content: object, registry: import('@hubfuse/plugin').Registry}} options `content` is a recipe */
export async function planFolders({ content, registry }) {
  const recipe = parseRecipe(JSON.stringify(content), { registry });
  const base = recipe.base && (await openInput(recipe.base));
  const models = await Promise.all(recipe.models.map(openInput));
  const plan = planMerge({ recipe, base, models, registry });
  const used = plan.inputs[0]?.role === 'base' ? [base, ...models] : models;
  return { plan, folders: used.map(({ source }) => source.folder) };
}

async function openInput({ reference }) {
  const source = await folderSource(reference.path);
  const config = JSON.parse(await readFile(join(reference.path, 'config.json'), 'utf8'));
  return { source, checkpoint: await readCheckpoint(source), config };
}
