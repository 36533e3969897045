import { listAll } from '@hubfuse/objects';
import { afterAll, describe, expect, test } from 'vitest';
import { emptyStore, removeFolders, STORES, testServices } from '../../test/services.ts';
import { MasterKey } from '../master-key.ts';
import { hasNamespace, hasS3, hasScope } from './key.ts';
import { Keys } from './keys.ts';

afterAll(removeFolders);

describe.each(STORES)('keys in a store of the kind %s', (kind) => {
  test('a key opens until it is revoked, also for another process', async () => {
    const { services, another, clock } = await testServices(kind);
    const other = another();
    const settings = { name: 'ci', scopes: ['run'], namespaces: ['ana'], s3: ['s3://models/ana'], runsPerDay: 5 };
    const { id, key } = await services.keys.create(settings);
    expect(key).toMatch(/^hfk_[0-9a-f]{12}_[\w-]{43}$/);
    const opened = await other.keys.verify(key);
    expect(opened).toEqual({ id, ...settings, createdAt: new Date(clock.now).toISOString() });
    expect(await services.keys.list()).toEqual([opened]);
    await services.keys.revoke(id);
    expect(await services.keys.verify(key)).toBeUndefined();
    clock.now += 2_001;
    expect(await other.keys.verify(key)).toBeUndefined();
    expect(await services.keys.exist()).toBe(false);
    expect((await services.keys.revoke(id)).revokedAt).toBe((await services.keys.get(id))?.revokedAt);
  });

  test('the store never holds a key', async () => {
    const { services } = await testServices(kind);
    const { key } = await services.keys.create({ name: 'ci', scopes: ['read'] });
    const secret = key.slice(-43);
    for await (const path of listAll(services.store, '')) {
      const object = await services.store.get(path);
      expect(Buffer.from(object?.body ?? []).toString()).not.toContain(secret);
    }
  });
});

test.each([
  ['nothing', ''],
  ['another form', 'hf_abc'],
  ['an unknown id', `hfk_000000000000_${'x'.repeat(43)}`],
])('%s opens nothing', async (_, text) => {
  const { services } = await testServices();
  expect(await services.keys.verify(text)).toBeUndefined();
});

test('the right id with another secret, or under another pepper, opens nothing', async () => {
  const store = await emptyStore('memory');
  const keys = new Keys({ store, master: new MasterKey(new Uint8Array(32).fill(1)) });
  const { key } = await keys.create({ name: 'ci', scopes: ['read'] });
  expect(await keys.verify(`${key.slice(0, -1)}${key.endsWith('A') ? 'B' : 'A'}`)).toBeUndefined();
  const peppered = new Keys({ store, master: new MasterKey(new Uint8Array(32).fill(2)) });
  expect(await peppered.verify(key)).toBeUndefined();
  expect(await keys.verify(key)).toBeDefined();
});

test.each([
  [{ name: ' ', scopes: ['read'] }, 'the name of a key'],
  [{ name: 'x', scopes: [] }, 'a key needs a scope'],
  [{ name: 'x', scopes: ['reed'] }, 'there is no scope "reed"'],
  [{ name: 'x', scopes: ['run'], namespaces: ['a/b'] }, '"a/b" is no namespace'],
  [{ name: 'x', scopes: ['run'], s3: ['s3://models/?endpoint=http://h'] }, 'is no address in S3'],
  [{ name: 'x', scopes: ['run'], s3: ['models'] }, '"models" is no address in S3'],
  [{ name: 'x', scopes: ['run'], runsPerDay: 0 }, 'cannot start 0 runs a day'],
])('the key %j is refused', async (settings, message) => {
  const { services } = await testServices();
  await expect(services.keys.create(settings)).rejects.toThrow(message);
  expect(await services.keys.list()).toEqual([]);
});

test('scopes include smaller ones, and namespaces are compared as the Hub does', () => {
  expect(hasScope({ scopes: ['admin'] }, 'run')).toBe(true);
  expect(hasScope({ scopes: ['run'] }, 'read')).toBe(true);
  expect(hasScope({ scopes: ['read'] }, 'run')).toBe(false);
  expect(hasScope({ scopes: ['run'] }, 'admin')).toBe(false);
  expect(hasNamespace({ namespaces: ['Ana'] }, 'ana')).toBe(true);
  expect(hasNamespace({ namespaces: ['ana'] }, 'bob')).toBe(false);
  expect(hasNamespace({ namespaces: ['*'] }, 'bob')).toBe(true);
});

test('an address in S3 is granted with all that lies below it, and nothing that only begins alike', () => {
  const granted = (s3: string[], url: string) => hasS3({ s3 }, url);
  expect(granted(['s3://models/team'], 's3://models/team')).toBe(true);
  expect(granted(['s3://models/team/'], 's3://models/team/x')).toBe(true);
  expect(granted(['s3://models'], 's3://models/any')).toBe(true);
  expect(granted(['*'], 's3://models/any')).toBe(true);
  expect(granted(['s3://models/team'], 's3://models/teams')).toBe(false);
  expect(granted(['s3://models/team'], 's3://models')).toBe(false);
  expect(granted(['s3://models'], 's3://models-of-others/x')).toBe(false);
  expect(granted([], 's3://models/team')).toBe(false);
});
