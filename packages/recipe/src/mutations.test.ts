import { RecipeError } from '@hubfuse/plugin';
import { expect, test } from 'vitest';
import { CORPUS, mutation } from '../test/mutations.ts';
import { read } from '../test/reading.ts';
import { methodNamed } from '../test/registry.ts';
import { parseGate } from './parse-gate.ts';
import type { Recipe } from './recipe.ts';
import { parseDatasetReference, parseModelReference } from './reference.ts';
import { methodOptions, resolveParameters } from './resolve-parameters.ts';

/** A slice of what `npm run soak` runs in full. */
const MUTATIONS = Number(process.env.HUBFUSE_MUTATIONS || 2000);
/** Characters: a hostile text must not become a huge error. */
const LONGEST_MESSAGE = 40_000;

function useAll(recipe: Recipe): void {
  const method = methodNamed(recipe.method);
  methodOptions({ recipe, method });
  const models = recipe.models.map((_, index) => ({ index, name: 'layers.1.mlp.weight' }));
  const tensors = [0, 0.5, 1].map((depth) => ({ name: 'layers.1.mlp.weight', layer: 1, depth, models }));
  resolveParameters({ recipe, method, tensors });
}

/** What came of it: read, or refused as it should be. @throws whatever is no RecipeError. */
function attempt(use: () => void): 'read' | RecipeError {
  try {
    use();
    return 'read';
  } catch (error) {
    if (error instanceof RecipeError) return error;
    throw error;
  }
}

test(`${MUTATIONS} mutated recipes are read or refused with a RecipeError of bounded length`, {
  timeout: 3_600_000,
}, () => {
  let readable = 0;
  for (let number = 0; number < MUTATIONS; number++) {
    const text = mutation(number);
    let recipe: Recipe | undefined;
    const outcome = attempt(() => {
      recipe = read(text);
    });
    if (recipe !== undefined) {
      readable++;
      const whole: Recipe = recipe;
      expect(JSON.parse(JSON.stringify(whole)).models.length, `mutation ${number}`).toBe(whole.models.length);
      attempt(() => useAll(whole));
    } else if (outcome !== 'read') {
      expect(outcome.message.length, `mutation ${number}`).toBeLessThan(LONGEST_MESSAGE);
      expect(outcome.code, `mutation ${number}`).not.toBe('recipe/unreadable');
    }
  }
  // Mutations that all break the recipe would test the YAML parser alone.
  expect(readable).toBeGreaterThan(MUTATIONS / 100);
});

test('pieces of mutated recipes are references and gates, or are refused with a RecipeError', () => {
  for (let number = 0; number < MUTATIONS; number += 10) {
    for (const piece of mutation(number).split(/[\n,]/)) {
      attempt(() => parseModelReference(piece));
      attempt(() => parseDatasetReference(piece));
      attempt(() => parseGate(piece, ['money', 'my-data']));
    }
  }
});

test('every recipe of the corpus is read or put off, so that mutations start from something sound', () => {
  for (const text of CORPUS) {
    const outcome = attempt(() => read(text));
    if (outcome !== 'read')
      expect(['recipe/not-yet', 'recipe/unknown-method'], outcome.message).toContain(outcome.code);
  }
});
