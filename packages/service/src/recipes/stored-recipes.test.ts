import { afterAll, describe, expect, test } from 'vitest';
import { removeFolders, STORES, testServices } from '../../test/services.ts';
import type { Key } from '../keys/key.ts';

afterAll(removeFolders);

const text = '# kept to the letter\nmerge_method: linear\nmodels: [ana/one, bob/two]\n';
const chain = (from: string, to: string, more = '') =>
  `merge_method: linear\nmodels: [${from}, other/model]\npublish: {hub: {repo: ${to}}}\n${more}`;

describe.each(STORES)('recipes in a store of the kind %s', (kind) => {
  test('are kept to the letter, listed by name, and deleted', async () => {
    const { services, clock } = await testServices(kind);
    const { recipes } = services;
    const { recipe, created } = await recipes.put({ name: 'b', text });
    expect(created).toBe(true);
    expect(await recipes.get('b')).toEqual(recipe);
    expect(recipe).toMatchObject({ name: 'b', text, createdAt: recipe.updatedAt });
    clock.now += 1000;
    const again = await recipes.put({ name: 'b', text });
    expect(again).toMatchObject({ created: false, recipe: { createdAt: recipe.createdAt } });
    expect(again.recipe.etag).not.toBe(recipe.etag);
    await recipes.put({ name: 'a.1', text });
    expect((await recipes.list()).map(({ name }) => name)).toEqual(['a.1', 'b']);
    expect((await recipes.list({ after: 'a.1', limit: 1 })).map(({ name }) => name)).toEqual(['b']);
    await recipes.delete('b', { ifMatch: again.recipe.etag });
    expect(await recipes.get('b')).toBeUndefined();
    await expect(recipes.delete('b')).rejects.toMatchObject({ code: 'service/unknown-recipe' });
  });

  test('an etag guards against lost updates: of many writers one wins', async () => {
    const { services, another } = await testServices(kind);
    const { recipe } = await services.recipes.put({ name: 'x', text, condition: { ifNoneMatch: '*' } });
    const stale = { code: 'service/etag-mismatch' };
    await expect(services.recipes.put({ name: 'x', text, condition: { ifNoneMatch: '*' } })).rejects.toMatchObject(
      stale,
    );
    const writers = Array.from({ length: 6 }, (_, index) =>
      another().recipes.put({ name: 'x', text: `${text}seed: ${index}\n`, condition: { ifMatch: recipe.etag } }),
    );
    const ends = await Promise.allSettled(writers);
    expect(ends.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const end of ends) if (end.status === 'rejected') expect(end.reason).toMatchObject(stale);
    await expect(services.recipes.delete('x', { ifMatch: recipe.etag })).rejects.toMatchObject(stale);
    await expect(services.recipes.put({ name: 'y', text, condition: { ifMatch: '*' } })).rejects.toMatchObject(stale);
  });
});

test.each(['', 'A', '../x', 'a/b', '-a', 'a..b', 'con', 'x'.repeat(64)])('the name %j is refused', async (name) => {
  const { services } = await testServices();
  await expect(services.recipes.put({ name, text })).rejects.toMatchObject({ code: 'service/bad-name' });
  expect(await services.recipes.get(name)).toBeUndefined();
});

test('a mistake is told with its place in the text', async () => {
  const { services } = await testServices();
  const put = services.recipes.put({ name: 'x', text: 'merge_method: linear\nmodels: [a/b]\ntriger: {}\n' });
  await expect(put).rejects.toMatchObject({
    code: 'recipe/unknown-key',
    place: { file: 'x.yaml', path: 'triger', line: 3 },
  });
});

test('a key stores only what it may publish', async () => {
  const { services } = await testServices();
  const { id } = await services.keys.create({ name: 'ci', scopes: ['run'], namespaces: ['ana'] });
  const key = (await services.keys.get(id)) as Key;
  const put = (to: string) => services.recipes.put({ name: 'x', text: chain('a/one', to), key });
  await expect(put('bob/merged')).rejects.toMatchObject({ code: 'service/namespace' });
  expect((await put('ana/merged')).recipe.key).toBe(id);
  const copied = (url: string) => `merge_method: linear\nmodels: [a/one, a/two]\npublish: {s3: ${url}}\n`;
  await expect(services.recipes.put({ name: 'x', text: copied('s3://models/ana'), key })).rejects.toMatchObject({
    code: 'service/s3-target',
  });
  const granted = await services.keys.create({ name: 'copies', scopes: ['run'], s3: ['s3://models/ana'] });
  const own = (await services.keys.get(granted.id)) as Key;
  expect((await services.recipes.put({ name: 'y', text: copied('s3://models/ana/x'), key: own })).created).toBe(true);
  await expect(services.recipes.put({ name: 'z', text: copied('s3://models/bob'), key: own })).rejects.toThrow(
    'it publishes below s3://models/ana',
  );
});

describe('cycles', () => {
  test.each<[name: string, stored: string[], text: string, mention: string]>([
    ['a recipe of its own result', [], chain('you/x', 'you/x'), 'new publishes to you/x, which starts it'],
    ['in another spelling', [], chain('You/X', 'you/x'), 'which starts it'],
    [
      'two that feed each other',
      [chain('you/b', 'you/a')],
      chain('you/a', 'you/b'),
      'r0 publishes to you/a, which starts new',
    ],
    [
      'three in a row',
      [chain('you/a', 'you/b'), chain('you/b', 'you/c')],
      chain('you/c', 'you/a'),
      'new publishes to you/a, which starts r0; r0 publishes to you/b, which starts r1; r1 publishes to you/c, which starts new',
    ],
    [
      'by a branch that is watched',
      [],
      'merge_method: linear\nmodels: [you/x, a/b]\npublish: {hub: {repo: you/x, branch: next}}\ntrigger: {refs: [next]}\n',
      'which starts it',
    ],
  ])('%s: refused', async (_, stored, text, mention) => {
    const { services } = await testServices();
    for (const [index, one] of stored.entries()) await services.recipes.put({ name: `r${index}`, text: one });
    const error = await services.recipes.put({ name: 'new', text }).catch((failure: unknown) => failure);
    expect(error).toMatchObject({ code: 'recipe/cycle', place: { path: 'publish.hub' } });
    expect(String(error)).toContain(mention);
    expect(await services.recipes.get('new')).toBeUndefined();
  });

  test.each<[name: string, text: string]>([
    ['a model at a commit', chain(`you/x@${'a'.repeat(40)}`, 'you/x')],
    ['a model at another branch', chain('you/x@v1', 'you/x')],
    ['a recipe that no push starts', chain('you/x', 'you/x', 'trigger: {refs: [], schedule: "@daily"}\n')],
    ['a chain', chain('you/a', 'you/b')],
  ])('%s is none', async (_, text) => {
    const { services } = await testServices();
    await services.recipes.put({ name: 'before', text: chain('you/b', 'you/c') });
    expect((await services.recipes.put({ name: 'new', text })).created).toBe(true);
  });

  test('two that are stored at the same moment are noted', async () => {
    const { services, another } = await testServices();
    await Promise.all([
      services.recipes.put({ name: 'p', text: chain('you/a', 'you/b') }),
      another().recipes.put({ name: 'q', text: chain('you/b', 'you/a') }),
    ]).catch(() => undefined);
    const stored = await services.recipes.list();
    const notes = (await Promise.all(stored.map(({ name }) => services.recipes.notes.list(name)))).flat();
    // Either the second was refused, or both stand and one of them says so.
    expect(stored.length === 1 || notes.some(({ code }) => code === 'trigger/cycle')).toBe(true);
  });
});
