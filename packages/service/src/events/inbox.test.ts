import { openStore, registerStores, toJson } from '@hubfuse/objects';
import { type ObjectStore, Registry } from '@hubfuse/plugin';
import { beforeAll, beforeEach, expect, test } from 'vitest';
import { serviceKeys, wordOf } from '../store/keys-of-store.ts';
import type { HubPayload } from './hub-payload.ts';
import { Inbox, putOff } from './inbox.ts';

const registry = new Registry();
let store: ObjectStore;
let count = 0;
beforeAll(() => registerStores(registry));
beforeEach(async () => {
  store = await openStore(`memory:inbox-${count++}`, registry);
});

const AT = '2026-01-01T00:00:00.000Z';
const push = (number: number): HubPayload => ({
  event: { action: 'update', scope: 'repo.content' },
  repo: { type: 'model', name: `ns/${number}` },
});
const namesStored = async () =>
  (await new Inbox(store).read()).map(({ letters }) => letters.map(({ payload }) => payload.repo.name));

/** The store, whose writes wait until they are let through, or fail. */
function heldStore() {
  const held: (() => void)[] = [];
  const failing = { next: false };
  const slow: Pick<ObjectStore, 'create'> = {
    create: async (key: string, body: Uint8Array) => {
      await new Promise<void>((resolve) => held.push(resolve));
      if (failing.next) throw new Error('the disk is full');
      return await store.create(key, body);
    },
  };
  return {
    ...{ inbox: new Inbox(slow as ObjectStore), held, failing },
    async release(): Promise<void> {
      for (const go of held.splice(0)) go();
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
}

test('deliveries that come while others are being written are one write together, and none is answered before its own', async () => {
  const { inbox, held, release } = heldStore();
  const answered: number[] = [];
  const adding = [0, 1, 2, 3, 4, 3].map((number) => inbox.add(push(number), AT).then(() => answered.push(number)));
  expect(held).toHaveLength(2);
  expect(answered).toEqual([]);
  await release();
  expect(answered).toEqual([0, 1]);
  expect(held).toHaveLength(1);
  await release();
  await Promise.all(adding);
  expect(answered).toEqual([0, 1, 2, 3, 4, 3]);
  expect((await namesStored()).sort()).toEqual([['ns/0'], ['ns/1'], ['ns/2', 'ns/3', 'ns/4']]);
});

test('a write that fails is told to those whose deliveries it held, and the next ones are written', async () => {
  const { inbox, held, failing, release } = heldStore();
  const adding = [0, 1, 2].map((number) => inbox.add(push(number), AT));
  const lost = Promise.all(adding.slice(0, 2).map((one) => expect(one).rejects.toThrow('full')));
  failing.next = true;
  await release();
  await lost;
  failing.next = false;
  expect(held).toHaveLength(1);
  await release();
  await adding[2];
  expect(await namesStored()).toEqual([['ns/2']]);
});

test('a storm is cut into bundles that memory holds', async () => {
  const { inbox, release } = heldStore();
  const adding = Promise.all(Array.from({ length: 452 }, (_, number) => inbox.add(push(number), AT)));
  for (let round = 0; round < 3; round++) await release();
  await adding;
  expect((await namesStored()).map(({ length }) => length).sort((a, b) => a - b)).toEqual([1, 1, 50, 200, 200]);
});

test('repetitions that wait meet each other, and are taken again once they were worked off', async () => {
  const inbox = new Inbox(store);
  for (let time = 0; time < 3; time++) await inbox.add(push(1), AT);
  const [bundle, ...others] = await inbox.read();
  expect(others).toEqual([]);
  if (bundle !== undefined) await inbox.settle(bundle, []);
  expect(await inbox.read()).toEqual([]);
  await inbox.add(push(1), AT);
  expect(await namesStored()).toEqual([['ns/1']]);
});

test('of a bundle what has to wait stays, and nothing else', async () => {
  const { inbox, release } = heldStore();
  const adding = Promise.all([0, 1, 2, 3].map((number) => inbox.add(push(number), AT)));
  await release();
  await release();
  await adding;
  const bundle = (await new Inbox(store).read()).find(({ letters }) => letters.length > 1);
  if (bundle === undefined) throw new Error('nothing came together');
  const [two] = bundle.letters;
  if (two === undefined) throw new Error('the bundle is empty');
  await new Inbox(store).settle(bundle, [putOff(two, { until: 0, failed: true })]);
  const left = (await new Inbox(store).read()).find(({ word }) => word === bundle.word);
  expect(left?.letters).toEqual([{ ...two, attempts: 1, notBefore: '1970-01-01T00:00:00.000Z' }]);
});

test('a letter of an older version, which was an object of its own, is read', async () => {
  const letter = { payload: push(7), receivedAt: AT, attempts: 2 };
  const word = wordOf(JSON.stringify(letter.payload));
  await store.put(serviceKeys.letter(word), toJson(letter));
  expect(await new Inbox(store).read()).toEqual([{ word, letters: [letter] }]);
});
