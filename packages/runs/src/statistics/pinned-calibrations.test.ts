import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Manifest, ManifestCalibration } from '@hubfuse/hub';
import { registerMethods } from '@hubfuse/merge';
import { Registry } from '@hubfuse/plugin';
import { parseRecipe } from '@hubfuse/recipe';
import { sha256OfFile } from '@hubfuse/tensors';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { manifestCalibration, withPinnedCalibrations } from './pinned-calibrations.ts';

const registry = new Registry();
let root: string;
beforeAll(async () => {
  await registerMethods(registry);
  root = await mkdtemp(join(tmpdir(), 'hubfuse-calibrations-'));
});
afterAll(() => rm(root, { recursive: true, force: true }));

function pin(calibration: string, pinned: ManifestCalibration | undefined) {
  const text = `merge_method: regmean\nmodels: [{model: ns/one, calibration: ${calibration}}, ns/two]\n`;
  const recipe = parseRecipe(text, { registry });
  const statistics = pinned === undefined ? [] : [{ calibration: pinned }, {}];
  return withPinnedCalibrations(recipe, { manifest: { statistics } as unknown as Manifest, workingDirectory: root });
}

test('examples of a Hub are read at the commit that was read then', async () => {
  const revision = 'a'.repeat(40);
  const pinned = manifestCalibration({ kind: 'hub', repo: 'ns/data', revision, path: 'x.jsonl', size: 1 });
  const { models } = await pin('{data: x.jsonl, from: ns/data}', pinned);
  expect(models[0]?.calibration?.data).toEqual({ kind: 'hub', repo: 'ns/data', revision, path: 'x.jsonl' });
  expect(models[1]).not.toHaveProperty('calibration');
});

test('local examples must be there, and be the same', async () => {
  const path = join(root, 'x.jsonl');
  await writeFile(path, '{"text": "a"}');
  const pinned = manifestCalibration({ kind: 'local', path, sha256: await sha256OfFile(path), size: 13 });
  expect(pinned.path).toBe('x.jsonl');
  await pin('x.jsonl', pinned);
  await writeFile(path, '{"text": "b"}');
  const changed = pin('x.jsonl', pinned);
  await expect(changed).rejects.toMatchObject({ code: 'run/input-changed', where: path });
  await expect(changed).rejects.toThrow('ns/one');
  await rm(path);
  await expect(pin('x.jsonl', pinned)).rejects.toThrow('are not there');
});

test('a manifest that pins none is left as it is', async () => {
  const { models } = await pin('x.jsonl', undefined);
  expect(models[0]?.calibration?.data).toEqual({ kind: 'local', path: 'x.jsonl' });
});
