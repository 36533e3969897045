import { parseRecipe } from '@hubfuse/recipe';
import { expect, test } from 'vitest';
import { createRegistry } from './extensions.ts';
import { initialRecipe } from './initial-recipe.ts';

const registry = await createRegistry(process.cwd(), []);

test.each(registry.names('method'))('what init writes for %s is a recipe that can be read', (name) => {
  const text = initialRecipe(registry.get('method', name));
  expect(parseRecipe(text, { registry }).method).toBe(name);
});

test.each(registry.names('method'))('its comments, taken as settings, can be read for %s too', (name) => {
  const text = initialRecipe(registry.get('method', name)).replace(/^# (?=evaluate|publish| )/gm, '');
  const { evaluate, publish } = parseRecipe(text, { registry });
  expect(evaluate?.datasets).toHaveLength(1);
  expect(publish?.hub?.repo).toBe('you/my-merge');
});
