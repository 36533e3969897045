import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { HubfuseError } from '@hubfuse/plugin';
import { parseRecipe } from '@hubfuse/recipe';
import { createRegistry } from 'hubfuse';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '..');
const page = readFileSync(join(root, 'docs', 'recipe.md'), 'utf8');
const registry = await createRegistry(root, []);
/** Every recipe of the page, with the message that follows it where it is refused. */
const blocks = [...page.matchAll(/```yaml\n(.*?)```(?:\n\n```text\n(.*?)```)?/gs)];

test.each(blocks.map(([, recipe = '', message]) => ({ recipe, message })))(
  'docs/recipe.md: $recipe',
  ({ recipe, message }) => {
    let outcome: string | undefined;
    try {
      parseRecipe(recipe, { registry, file: 'recipe.yaml', isFolder: () => false });
    } catch (error) {
      if (!(error instanceof HubfuseError)) throw error;
      outcome = `${error.message}\n`;
    }
    expect(outcome).toBe(message);
  },
);

test('the page shows recipes that are read and one that is refused', () => {
  expect(blocks.filter(([, , message]) => message === undefined).length).toBeGreaterThan(1);
  expect(blocks.filter(([, , message]) => message !== undefined).length).toBeGreaterThan(0);
});
