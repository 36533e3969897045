import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ModelStatistics } from '@hubfuse/plugin';
import { methodOptions, parseRecipe } from '@hubfuse/recipe';
import { builtIns, mergeRecipe } from '../merge-recipe.ts';
import { rowStatistics } from './row-statistics.ts';
import type { RowKind } from './rows.ts';
import { modelNames, type RowRecipe, type Zoo } from './zoo.ts';

const registry = await builtIns();

/** A merge by one of our methods, with weights in float32 as the scores were computed. */
export const mergeRow: RowKind = (what, zoo) => {
  const { merge_method: name, calibration: split = 'calib' } = what;
  const method = name === undefined ? undefined : registry.find('method', name);
  if (method === undefined) return undefined;
  return async () => {
    const out = await mkdtemp(join(tmpdir(), 'hubfuse-zoo-'));
    const text = recipeText(what, zoo);
    const request = method.statistics?.(methodOptions({ recipe: parseRecipe(text, { registry }), method }));
    const statistics: ModelStatistics[] = [];
    for (const model of request === undefined ? [] : modelNames(what)) {
      if (request !== undefined) statistics.push(await rowStatistics({ zoo, model, split, request }));
    }
    const { plan } = await mergeRecipe({ text, out, workers: 2, statistics });
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
