import type { Recipe } from '@hubfuse/recipe';

/** A recipe of two models, as the parser would give it. */
export function sampleRecipe(text = 'merge_method: linear\nmodels: [you/a, you/b]\n'): Recipe {
  const entry = (repo: string, index: number) => ({
    text: repo,
    reference: { kind: 'hub' as const, repo, reference: repo },
    parameters: {},
    path: `models[${index}]`,
    entry: `models[${index}]`,
  });
  return {
    method: 'linear',
    models: [entry('you/a', 0), entry('you/b', 1)],
    parameters: {},
    seed: 0,
    warnings: [],
    source: { text, positions: {} },
  };
}
