import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { copyStore, listAll, openStore, toJson } from '@hubfuse/objects';
import type { ObjectStore } from '@hubfuse/plugin';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { memoryStores } from '../../test/memory-stores.ts';
import { sampleRecipe } from '../../test/recipes.ts';
import { killedStore, watchedStore } from '../../test/stores.ts';
import { createRun } from '../create-run.ts';
import { deleteRun } from '../delete-run.ts';
import { executePhases } from '../execute-phases.ts';
import { runKeys } from '../keys.ts';
import type { Phase } from '../phase.ts';
import { readRun } from '../read-run.ts';
import { retryRun } from '../retry-run.ts';
import type { KeptFile } from '../run.ts';
import { changeState } from '../state-cell.ts';
import { keepFiles } from './keep-files.ts';
import { keptFiles } from './kept-files.ts';

const LEASE_MS = 1_000;
const stores = memoryStores('keep-files');
let store: ObjectStore;
let id: string;
beforeEach(async () => {
  // Leases are told by these clocks, and nothing here waits for them.
  vi.useFakeTimers({ toFake: ['Date', 'performance'] });
  ({ store } = stores);
  id = (await createRun({ store, recipe: sampleRecipe() })).id;
});
afterEach(() => {
  vi.useRealTimers();
});

/** A folder with what a merge might have made. */
async function folderWith(word: string): Promise<string> {
  const folder = await mkdtemp(join(stores.folder, 'model-'));
  for (const [path, content] of Object.entries({
    'config.json': `{"made": "${word}"}`,
    '.gitattributes': 'not a key',
    'onnx/model.onnx': `graph of ${word}`,
    'model.safetensors': `weights of ${word}`.repeat(10),
  })) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), content);
  }
  return folder;
}

/** Executes the run; of its model so many bytes are kept. */
async function execute(word: string, more: { store?: ObjectStore; bytes?: number } = {}): Promise<void> {
  const folder = await folderWith(word);
  const phases: Phase[] = [
    { name: 'resolve', run: async () => ({ next: ['assemble'] }) },
    {
      name: 'assemble',
      run: async (context) => {
        await keepFiles(context, folder);
        return {};
      },
    },
  ];
  const options = {
    ...{ store: more.store ?? store, runId: id, registry: stores.registry },
    ...{ hub: { cacheDir: '' }, workspace: '', leaseMs: LEASE_MS, keepFiles: more.bytes ?? 10_000 },
  };
  await executePhases(options, phases, async () => ({ published: false }));
}

/** What readers find, each file checked against the list. */
async function seen(): Promise<Record<string, string>> {
  const content: Record<string, string> = {};
  for (const artefact of (await readRun({ store, runId: id })).state.artefacts) {
    if (artefact.kind !== 'files') continue;
    for (const { path, key, size, sha256 } of await keptFiles({ store, artefact })) {
      const body = (await store.get(key))?.body ?? new Uint8Array();
      expect([body.length, createHash('sha256').update(body).digest('hex')], path).toEqual([size, sha256]);
      content[path] = new TextDecoder().decode(body);
    }
  }
  return content;
}

const made = (word: string) => ({
  'config.json': `{"made": "${word}"}`,
  'onnx/model.onnx': `graph of ${word}`,
  'model.safetensors': `weights of ${word}`.repeat(10),
});

async function objects(): Promise<Record<string, string>> {
  const all: Record<string, string> = {};
  for await (const key of listAll(store, '')) all[key] = (await store.get(key))?.etag ?? '';
  return all;
}
const keptKeys = async () => Object.keys(await objects()).filter((key) => key.startsWith(runKeys(id).files));

test('files are kept, the smallest first, as far as the bytes go, and a list names them', async () => {
  await execute('it', { bytes: 60 });
  const { 'model.safetensors': _, ...small } = made('it');
  expect(await seen()).toEqual(small);
  expect(await keptKeys()).toHaveLength(3);
  const artefacts = (await readRun({ store, runId: id })).state.artefacts;
  expect(artefacts).toMatchObject([{ name: 'files in the store', kind: 'files', size: 25 }]);
});

test('killed at any write and continued, a run shows nothing or all of its files, and nothing is left over', async () => {
  for (let writes = 0; ; writes++) {
    id = (await createRun({ store, recipe: sampleRecipe(`# ${writes}`) })).id;
    const dying = killedStore(store, writes);
    await execute('first', { store: dying }).catch(() => undefined);
    if (!dying.killed()) break;
    const between = await seen();
    expect([{}, made('first')]).toContainEqual(between);
    await execute('second');
    const after = await seen();
    // What was done before the kill is not done again.
    expect([made('first'), made('second')]).toContainEqual(after);
    expect(await keptKeys(), `killed after ${writes} writes`).toHaveLength(4);
  }
});

/** Every moment at which a process may stand still while it keeps files: before and behind each of its requests. */
const moments = Array.from(
  { length: 24 },
  (_, moment) => [moment >> 1, moment % 2 === 0 ? 'before' : 'behind'] as const,
);

test.each(moments)(
  'a worker that stands still past its lease at request %i (%s it) and wakes up changes nothing that readers see',
  async (request, side) => {
    let [count, isWoken] = [0, false];
    let wake = (): void => undefined;
    let stopped = (): void => undefined;
    const standing = new Promise<void>((resolve) => {
      stopped = resolve;
    });
    const woken = new Promise<void>((resolve) => {
      wake = () => {
        isWoken = true;
        resolve();
      };
    });
    let keeps = false;
    /** From the moment on nothing of this process happens until it wakes. */
    const stand = async (reached: boolean): Promise<void> => {
      if (isWoken || (!reached && !isStanding)) return;
      isStanding = true;
      stopped();
      await woken;
    };
    let isStanding = false;
    const still = stillStore(async (key, action) => {
      keeps ||= key.startsWith(runKeys(id).files);
      const mine = keeps ? count++ : -1;
      await stand(mine === request && side === 'before');
      const answer = await action();
      await stand(mine === request && side === 'behind');
      return answer;
    });
    const first = execute('first', { store: still }).then(
      () => 'done',
      (error: { code?: string }) => error.code,
    );
    const outcome = await Promise.race([standing, first]);
    // There are no more requests than that.
    if (outcome !== undefined) return;
    vi.advanceTimersByTime(LEASE_MS + 1);
    // As another machine sees it: this one's processes are known to live here.
    await changeState(store, id, (state) => ({
      ...state,
      ...(state.owner === undefined ? {} : { owner: { ...state.owner, host: 'elsewhere' } }),
    }));
    await execute('second');
    const [view, content] = [await seen(), await objects()];
    expect([made('first'), made('second')]).toContainEqual(view);
    wake();
    expect(['run/taken-over', 'done']).toContain(await first);
    expect(await seen()).toEqual(view);
    expect(await objects()).toEqual(content);
  },
);

/** The store, each of whose requests goes through `around`; the body of a streamed one is read within it. */
function stillStore(around: <T>(key: string, action: () => Promise<T>) => Promise<T>): ObjectStore {
  return {
    url: store.url,
    get: (key) => around(key, () => store.get(key)),
    read: (key, range) => around(key, () => store.read(key, range)),
    list: (prefix, page) => around(prefix, () => store.list(prefix, page)),
    create: (key, body) => around(key, () => store.create(key, body)),
    replace: (key, body, etag) => around(key, () => store.replace(key, body, etag)),
    put: (key, body) => around(key, () => store.put(key, body)),
    write: (key, body) => around(key, () => store.write(key, body)),
    delete: (key) => around(key, () => store.delete(key)),
  };
}

test('a run that begins anew shows no files until it has kept its own, and those of before go', async () => {
  await execute('first');
  await retryRun({ store, runId: id });
  expect(await seen()).toEqual({});
  await execute('second');
  expect(await seen()).toEqual(made('second'));
  expect(await keptKeys()).toHaveLength(4);
});

test('a copy of the store that is cut anywhere names no file that is not there', async () => {
  await execute('it');
  const source = store;
  for (let most = 1; ; most++) {
    const cut = new AbortController();
    store = await openStore(`memory:copy-${most}`, stores.registry);
    const onProgress = ({ objects }: { objects: number }) => {
      if (objects === most) cut.abort();
    };
    const whole = await copyStore({ from: source, to: store, signal: cut.signal, onProgress }).catch(() => undefined);
    if ((await store.get(runKeys(id).state)) !== undefined) expect(await seen()).toEqual(made('it'));
    if (whole !== undefined) break;
  }
});

test('deleting a run removes files that no list names too', async () => {
  await store.put(runKeys(id).file('lost', 'model.safetensors'), new Uint8Array(8));
  await execute('it');
  await store.put(runKeys(id).file('late', 'model.safetensors'), new Uint8Array(8));
  await deleteRun({ store, runId: id });
  expect(await keptKeys()).toEqual([]);
});

test('files that a run of an older version kept are read as those of a list, and are replaced by one', async () => {
  const { files, state: key } = runKeys(id);
  const body = new TextEncoder().encode('{"made": "before"}');
  await store.put(`${files}onnx/config.json`, body);
  const file: Omit<KeptFile, 'path' | 'key'> = {
    size: body.length,
    sha256: createHash('sha256').update(body).digest('hex'),
  };
  const { state } = await readRun({ store, runId: id });
  const artefacts = [
    { name: 'model', kind: 'folder', location: '/gone' },
    { name: 'file: onnx/config.json', kind: 'object', location: `${files}onnx/config.json`, ...file },
    { name: 'search: report.html', kind: 'object', location: runKeys(id).search.report },
  ];
  await store.put(key, toJson({ ...state, artefacts }, { version: 2 }));
  expect(await seen()).toEqual({ 'onnx/config.json': '{"made": "before"}' });
  expect((await readRun({ store, runId: id })).state.artefacts.map(({ kind }) => kind)).toEqual([
    'folder',
    'object',
    'files',
  ]);
  await execute('now');
  expect(await seen()).toEqual(made('now'));
  expect(await keptKeys()).toHaveLength(4);
});

test('nothing is asked of the store where nothing is to be kept', async () => {
  const asked: string[] = [];
  await execute('it', { store: watchedStore(store, ({ key }) => void asked.push(key)), bytes: 0 });
  expect(asked.filter((key) => key.startsWith(runKeys(id).files))).toEqual([]);
});
