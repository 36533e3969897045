import { openStore, registerStores } from '@hubfuse/objects';
import { Registry } from '@hubfuse/plugin';
import { expect, test } from 'vitest';
import {
  announcedPublications,
  announcePublication,
  findPublication,
  listPublications,
  notePublication,
} from './known-publications.ts';

test('a push is announced before it is made and known afterwards, whatever the spelling of its repository', async () => {
  const registry = new Registry();
  await registerStores(registry);
  const store = await openStore('memory:known-publications', registry);
  await announcePublication(store, 'You/X', 'run-1');
  expect(await announcedPublications(store, 'you/x')).toEqual(['run-1']);
  const sha = 'a'.repeat(40);
  const publication = {
    run: 'run-1',
    recipe: 'r',
    repo: 'You/X',
    sha,
    url: 'http://hub/You/X',
    at: '2026-11-30T00:00:00Z',
  };
  await notePublication(store, publication);
  expect(await announcedPublications(store, 'you/x')).toEqual([]);
  expect(await findPublication({ store, repo: 'you/x', sha })).toEqual(publication);
  expect(await findPublication({ store, repo: 'you/x', sha: 'b'.repeat(40) })).toBeUndefined();
  expect(await findPublication({ store, repo: 'you/y', sha })).toBeUndefined();
  const later = { ...publication, sha: 'b'.repeat(40), at: '2026-12-01T00:00:00Z' };
  await notePublication(store, later);
  expect(await listPublications(store, 'you/x')).toEqual([later, publication]);
});
