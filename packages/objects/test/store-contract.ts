import type { ObjectStore } from '@hubfuse/plugin';
import { beforeAll, describe, expect, test } from 'vitest';

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (body: Uint8Array | undefined) => (body === undefined ? undefined : new TextDecoder().decode(body));

async function collect(parts: AsyncIterable<Uint8Array> | undefined): Promise<string | undefined> {
  if (parts === undefined) return undefined;
  const all: Uint8Array[] = [];
  for await (const part of parts) all.push(part.slice());
  return text(Buffer.concat(all));
}

/** What every backend has to keep. `open` gives the same empty store each time. */
export function storeContract(name: string, open: () => Promise<ObjectStore>): void {
  describe(`the ${name} store`, () => {
    let store: ObjectStore;
    beforeAll(async () => {
      store = await open();
    });

    test('an object that was created is read back with the etag that create returned', async () => {
      const etag = await store.create('a/created.json', bytes('one'));
      const found = await store.get('a/created.json');
      expect(text(found?.body)).toBe('one');
      expect(found?.etag).toBe(etag);
    });

    test('create leaves an object that exists as it is', async () => {
      await store.create('a/taken', bytes('first'));
      expect(await store.create('a/taken', bytes('second'))).toBeUndefined();
      expect(text((await store.get('a/taken'))?.body)).toBe('first');
    });

    test('replace writes only over the etag it was given', async () => {
      const first = await store.put('a/swapped', bytes('1'));
      const second = await store.replace('a/swapped', bytes('2'), first);
      expect(second).toBeDefined();
      expect(await store.replace('a/swapped', bytes('3'), first)).toBeUndefined();
      expect(text((await store.get('a/swapped'))?.body)).toBe('2');
      expect((await store.get('a/swapped'))?.etag).toBe(second);
    });

    test('replace of an object that is gone does nothing', async () => {
      const etag = await store.put('a/gone', bytes('1'));
      await store.delete('a/gone');
      expect(await store.replace('a/gone', bytes('2'), etag)).toBeUndefined();
      expect(await store.get('a/gone')).toBeUndefined();
    });

    test('put writes over what is there', async () => {
      await store.put('a/put', bytes('longer than the next'));
      await store.put('a/put', bytes('short'));
      expect(text((await store.get('a/put'))?.body)).toBe('short');
    });

    test('an absent object reads as undefined and can be deleted', async () => {
      expect(await store.get('nothing/here')).toBeUndefined();
      expect(await store.read('nothing/here')).toBeUndefined();
      await store.delete('nothing/here');
    });

    test('a range gives the bytes that exist inside of it', async () => {
      await store.put('a/range', bytes('0123456789'));
      expect(await collect(await store.read('a/range'))).toBe('0123456789');
      expect(await collect(await store.read('a/range', { start: 2, end: 5 }))).toBe('234');
      expect(await collect(await store.read('a/range', { start: 7 }))).toBe('789');
      expect(await collect(await store.read('a/range', { start: 8, end: 50 }))).toBe('89');
      expect(await collect(await store.read('a/range', { start: 10 }))).toBe('');
      expect(await collect(await store.read('a/range', { start: 3, end: 3 }))).toBe('');
    });

    test('an empty object is an object', async () => {
      await store.put('a/empty', new Uint8Array());
      expect((await store.get('a/empty'))?.body.length).toBe(0);
      expect(await collect(await store.read('a/empty'))).toBe('');
    });

    test('a streamed object arrives whole', async () => {
      await store.write(
        'a/streamed',
        (async function* () {
          for (let i = 0; i < 100; i++) yield bytes(`${String(i).padStart(4, '0')},`);
        })(),
      );
      const body = (await collect(await store.read('a/streamed'))) ?? '';
      expect(body.length).toBe(500);
      expect(body.slice(-10)).toBe('0098,0099,');
    });

    test('a stream that breaks leaves what was there', async () => {
      await store.put('a/broken', bytes('before'));
      const writing = store.write(
        'a/broken',
        (async function* () {
          yield bytes('half');
          throw new Error('the source broke');
        })(),
      );
      await expect(writing).rejects.toThrow('the source broke');
      expect(text((await store.get('a/broken'))?.body)).toBe('before');
    });

    test('a list is sorted by the whole key and comes in pages', async () => {
      const keys = ['l/b/2', 'l/a', 'l/b-1', 'l/b/1', 'l/b.x', 'l/c', 'lb/1'];
      for (const key of keys) await store.put(key, bytes(key));
      const sorted = ['l/a', 'l/b-1', 'l/b.x', 'l/b/1', 'l/b/2', 'l/c'];
      expect(await store.list('l/')).toEqual({ keys: sorted, more: false });
      const paged: string[] = [];
      for (let more = true; more; ) {
        const after = paged.at(-1);
        const page = await store.list('l/', { limit: 2, ...(after === undefined ? {} : { after }) });
        paged.push(...page.keys);
        more = page.more;
      }
      expect(paged).toEqual(sorted);
      expect((await store.list('l/b')).keys).toEqual(['l/b-1', 'l/b.x', 'l/b/1', 'l/b/2']);
      expect((await store.list('l')).keys).toEqual([...sorted, 'lb/1']);
      expect((await store.list('l/', { after: 'l/b/1' })).keys).toEqual(['l/b/2', 'l/c']);
      expect((await store.list('l/', { after: 'l/b' })).keys).toEqual(sorted.slice(1));
      expect(await store.list('nothing/')).toEqual({ keys: [], more: false });
    });

    test.each([
      '',
      '/etc/passwd',
      '../outside',
      'a/../../outside',
      'a//b',
      'a/',
      '.store/x',
      'a/.hidden',
      'a\\b',
      'C:/x',
    ])('the key %j is refused by every call', async (key) => {
      const refused = { code: 'store/bad-key' };
      await expect(store.get(key)).rejects.toMatchObject(refused);
      await expect(store.read(key)).rejects.toMatchObject(refused);
      await expect(store.create(key, bytes('x'))).rejects.toMatchObject(refused);
      await expect(store.replace(key, bytes('x'), 'etag')).rejects.toMatchObject(refused);
      await expect(store.put(key, bytes('x'))).rejects.toMatchObject(refused);
      await expect(store.delete(key)).rejects.toMatchObject(refused);
      const body = (async function* () {})();
      await expect(store.write(key, body)).rejects.toMatchObject(refused);
    });

    test.each(['nul', 'com1.txt', 'a/b\u0000', 'é', 'a b', 'x'.repeat(201)])(
      'the key %j, which some store could not keep, is refused',
      async (key) => {
        await expect(store.put(key, bytes('x'))).rejects.toMatchObject({ code: 'store/bad-key' });
      },
    );

    test.each(['../', '/', 'a/../', '.'])('listing %j does not leave the store', async (prefix) => {
      await expect(store.list(prefix)).rejects.toMatchObject({ code: 'store/bad-key' });
    });

    test('of twenty that create one key at once exactly one wins', async () => {
      const all = await Promise.all(
        Array.from({ length: 20 }, (_, i) => store.create('race/create', bytes(String(i)))),
      );
      expect(all.filter((etag) => etag !== undefined)).toHaveLength(1);
      const winner = all.findIndex((etag) => etag !== undefined);
      expect(text((await store.get('race/create'))?.body)).toBe(String(winner));
    });

    test('of twenty that replace one etag at once exactly one wins', async () => {
      const etag = await store.put('race/replace', bytes('start'));
      const all = await Promise.all(
        Array.from({ length: 20 }, (_, i) => store.replace('race/replace', bytes(String(i)), etag)),
      );
      expect(all.filter((won) => won !== undefined)).toHaveLength(1);
    });
  });
}
