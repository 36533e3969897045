import { expect, test } from 'vitest';
import { getJson, type JsonFormat, toJson } from './json.ts';
import memory from './stores/memory.ts';

const store = await memory.open('memory:json');
const bytes = (text: string) => new TextEncoder().encode(text);
const FORMAT: JsonFormat = {
  version: 3,
  migrate: (value, version) => ({ ...(value as object), ...(version < 2 ? { second: true } : {}), third: true }),
};

test('a value comes back as it was written, with the version of its format around it in the store', async () => {
  await store.put('now', toJson({ name: 'a', format: 'text' }, FORMAT));
  expect((await getJson(store, 'now', FORMAT))?.value).toEqual({ name: 'a', format: 'text' });
  expect(JSON.parse(new TextDecoder().decode((await store.get('now'))?.body))).toMatchObject({ format: 3 });
  expect(await getJson(store, 'nothing', FORMAT)).toBeUndefined();
});

test.each([
  ['without a version', '{"name": "a"}', { name: 'a', second: true, third: true }],
  ['of the first version', '{"format": 1, "value": {"name": "a"}}', { name: 'a', second: true, third: true }],
  ['of the version before', '{"format": 2, "value": {"name": "a"}}', { name: 'a', third: true }],
])('an object %s is migrated when it is read', async (_name, text, value) => {
  await store.put('old', bytes(text));
  expect((await getJson(store, 'old', FORMAT))?.value).toEqual(value);
});

test('a format that has never changed reads what was written before versions', async () => {
  await store.put('list', bytes('[1, 2]'));
  expect((await getJson(store, 'list'))?.value).toEqual([1, 2]);
});

test('an object of a newer format is refused by its name', async () => {
  await store.put('runs/one/state.json', bytes('{"format": 4, "value": {}}'));
  await expect(getJson(store, 'runs/one/state.json', FORMAT)).rejects.toMatchObject({
    code: 'store/newer-format',
    where: 'memory:json: runs/one/state.json',
    message: expect.stringContaining('format 4'),
  });
});

test('what is no JSON is refused by its name', async () => {
  await store.put('torn', bytes('{"name": '));
  await expect(getJson(store, 'torn')).rejects.toMatchObject({ code: 'store/not-json' });
});
