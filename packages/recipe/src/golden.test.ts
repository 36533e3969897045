import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { RecipeError } from '@hubfuse/plugin';
import { describe, expect, test } from 'vitest';
import { stubRegistry } from '../test/registry.ts';
import { parseRecipe } from './parse-recipe.ts';

const golden = process.env.HUBFUSE_GOLDEN || join(import.meta.dirname, '../../../tests/golden');
const folder = join(golden, 'mergekit');
const registry = stubRegistry();

function read(path: string): RecipeError | undefined {
  const isFolder = (name: string) => statSync(join(folder, name), { throwIfNoEntry: false })?.isDirectory() ?? false;
  try {
    parseRecipe(readFileSync(join(folder, path), 'utf8'), { registry, isFolder, file: path });
    return undefined;
  } catch (error) {
    if (error instanceof RecipeError) return error;
    throw error;
  }
}

/** Nothing is wrong with the recipe, but hubfuse does not do it yet. */
function isPutOff(error: RecipeError | undefined): boolean {
  return (
    error?.code === 'recipe/not-yet' || error?.summary.startsWith('hubfuse does not have the merge method') === true
  );
}

interface Refusal {
  recipe: string;
  where: string;
  mentions: string[];
}

describe.skipIf(!existsSync(folder))(`golden mergekit recipes of ${golden}`, () => {
  if (!existsSync(folder)) return;
  const refusals = Object.entries(
    JSON.parse(readFileSync(join(folder, 'refuse/expect.json'), 'utf8')) as Record<string, Refusal>,
  );
  const results = refusals.map(([name, refusal]) => ({ name, refusal, error: read(refusal.recipe) }));

  test('most of what is to be refused is refused by the text alone', () => {
    const decided = results.filter(({ error }) => error !== undefined && !isPutOff(error));
    expect(decided.length).toBeGreaterThan(results.length / 2);
  });

  for (const { name, refusal, error } of results) {
    // What the text alone does not decide is left to the models' files.
    test.skipIf(error === undefined || isPutOff(error))(`${name} is refused where and as it should be`, () => {
      expect(error?.where).toContain(refusal.where);
      for (const word of refusal.mentions) expect(error?.message).toContain(word);
    });
  }

  for (const kind of ['recipes', 'fix']) {
    if (!existsSync(join(folder, kind))) continue;
    for (const file of readdirSync(join(folder, kind)).filter((name) => name.endsWith('.yaml'))) {
      test(`${kind}/${file} is accepted, or put off for a key or method that is not there yet`, () => {
        const error = read(join(kind, file));
        expect(error === undefined || isPutOff(error), error?.message).toBe(true);
      });
    }
  }
});
