import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fetchModel, openModel } from '@hubfuse/hub';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { FetchedFiles } from '../../packages/runs/src/children/fetched-files.ts';
import { type ExampleHub, startExampleHub } from '../support/example-hub.ts';

let hub: ExampleHub;
beforeAll(async () => {
  hub = await startExampleHub();
});
afterAll(() => hub.close());

const FILE = 'model.safetensors';
const NAMES = ['base', 'money', 'home', 'travel'] as const;

test('where the disk has no room left, files of earlier parts go, and never what was in the cache before', async () => {
  const cacheDir = join(hub.work, 'few-bytes');
  const options = { hubUrl: hub.url, cacheDir, token: 'hf_you' };
  const sources = await Promise.all(
    NAMES.map((name) => openModel({ kind: 'hub', repo: `hubfuse-examples/intents-${name}` }, options)),
  );
  const size = sources[0]?.files.find(({ path }) => path === FILE)?.size ?? 0;
  const there = async () => {
    const found: string[] = [];
    for (const name of NAMES) {
      const folder = join(cacheDir, `models--hubfuse-examples--intents-${name}`, 'blobs');
      const held = (await readdir(folder).catch(() => [])).length > 0;
      if (held) found.push(name);
    }
    return found;
  };
  // What somebody else had fetched.
  await fetchModel(sources[0] as (typeof sources)[number], { ...options, files: [FILE] });
  // Room for two files and a half beside it, of which half a one is for something else.
  const letGo = vi.fn(async () => undefined);
  const files = new FetchedFiles({
    ...{ sources, hub: options, letGo, reserveBytes: size / 2 },
    free: async () => 3.6 * size - (await there()).length * size,
  });
  const bring = (...inputs: number[]) => files.bring(inputs.map((input) => ({ input, file: FILE })));
  await bring(0, 1);
  await bring(2);
  await bring(1);
  expect(await there()).toEqual(['base', 'money', 'home']);
  expect(letGo).not.toHaveBeenCalled();
  await bring(0, 3);
  // The one that was used longest ago.
  expect(await there()).toEqual(['base', 'money', 'travel']);
  expect(letGo).toHaveBeenCalledOnce();
  await bring(2);
  expect(await there()).toEqual(['base', 'home', 'travel']);
});
