import type { ObjectStore } from '@hubfuse/plugin';
import { expect, test } from 'vitest';
import { read } from '../../../recipe/test/reading.ts';
import { stubRegistry } from '../../../recipe/test/registry.ts';
import { checkS3Target } from './check-s3-target.ts';

const at = (url: string) => ({ url }) as ObjectStore;
const recipe = (url: string) =>
  read(`merge_method: linear\nmodels: [a/b, c/d]\npublish: {s3: ${url}}\n`, { registry: stubRegistry() });

test.each<[target: string, store: string, s3: string[] | undefined]>([
  ['s3://models/x', 'file:///srv/hubfuse', undefined],
  ['s3://models/x', 's3://state/hubfuse?endpoint=http://h', undefined],
  ['s3://state/models', 's3://state/hubfuse', undefined],
  ['s3://state/hubfuse-models', 's3://state/hubfuse', undefined],
  ['s3://models/team/x', 'file:///srv', ['s3://models/team']],
])('%s beside the store %s is allowed with %j', (target, store, s3) => {
  expect(() => checkS3Target(recipe(target), { store: at(store), s3 })).not.toThrow();
});

test.each<[target: string, store: string, s3: string[] | undefined]>([
  ['s3://state/hubfuse/service/keys', 's3://state/hubfuse', undefined],
  ['s3://state', 's3://state/hubfuse/', undefined],
  ['s3://state/hubfuse', 's3://state/hubfuse?region=r', ['s3://state']],
  ['s3://models/teams', 'file:///srv', ['s3://models/team']],
  ['s3://models/x', 'file:///srv', []],
])('%s beside the store %s is refused with %j', (target, store, s3) => {
  expect(() => checkS3Target(recipe(target), { store: at(store), s3 })).toThrow(`does not publish to ${target}`);
});
