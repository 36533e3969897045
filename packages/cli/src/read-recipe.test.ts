import { registerMethods } from '@hubfuse/merge';
import { Registry, UsageError } from '@hubfuse/plugin';
import { expect, test } from 'vitest';
import { readRecipe } from './read-recipe.ts';

const registry = new Registry();
await registerMethods(registry);
const NONE = { base: undefined, parameter: [], dtype: undefined, publish: undefined, 'pull-request': false };
const read = (...positionals: string[]) =>
  readRecipe({
    positionals,
    options: { ...NONE, method: 'linear' },
    directory: '/nowhere',
    hub: 'http://localhost:1234',
    registry,
  });

test.each([
  'http://localhost:1234/ns/name/blob/main/config.json',
  'localhost:1234/ns/name/blob/main/config.json',
  'https://huggingface.co/ns/name/resolve/v1/config.json',
])('the page of a file on a Hub is the model that the file belongs to: %s', async (address) => {
  const { models } = await read(address, 'ns/b');
  expect(models.map(({ reference }) => reference)).toMatchObject([
    { kind: 'hub', repo: 'ns/name' },
    { kind: 'hub', repo: 'ns/b' },
  ]);
});

test('the name of a recipe among models is refused', async () => {
  const mixed = read('recipe.yaml', 'ns/b');
  await expect(mixed).rejects.toThrow(UsageError);
  await expect(mixed).rejects.toThrow('the recipe recipe.yaml cannot be combined with --method');
});
