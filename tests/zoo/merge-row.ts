import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { builtIns, mergeRecipe } from '../merge-recipe.ts';
import type { RowKind } from './rows.ts';
import { modelNames, type RowRecipe, type Zoo } from './zoo.ts';

const methods = (await builtIns()).names('method');

/** A merge by one of our methods, with weights in float32 as the scores were computed. */
export const mergeRow: RowKind = (what, zoo) => {
  if (what.merge_method === undefined || !methods.includes(what.merge_method)) return undefined;
  return async () => {
    const out = await mkdtemp(join(tmpdir(), 'hubfuse-zoo-'));
    const { plan } = await mergeRecipe({ text: recipeText(what, zoo), out, workers: 2 });
    // Labels and tokenizer are those of the model that the plan takes config.json from.
    const family = plan.inputs[plan.donor]?.name ?? '';
    return { model: { family, weights: out }, dispose: () => rm(out, { recursive: true, force: true }) };
  };
};

/** The row's words as a recipe over the folders of the zoo. JSON is YAML. */
function recipeText(what: RowRecipe, zoo: Zoo): string {
  const { merge_method, base_model, parameters = {}, models = [] } = what;
  const names = modelNames(what);
  return JSON.stringify({
    merge_method,
    ...(base_model === undefined ? {} : { base_model: join(zoo.folder, base_model) }),
    models: models.map((entry, i) => ({
      ...(typeof entry === 'string' ? {} : entry),
      model: join(zoo.folder, names[i] ?? ''),
    })),
    parameters,
    out_dtype: 'float32',
  });
}
