import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { noiseModels } from '../scripts/bench/noise-model.mjs';
import { gatherInChild, noiseGathering } from '../scripts/soak/gatherings.mjs';
import { mergeInChild } from '../scripts/soak/merges.mjs';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'hubfuse-memory-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

/** A base and fine-tunes of `bytes` each, almost all of it holes. */
const models = (name: string, size: { bytes: number; count: number; dtype?: 'F16' }) =>
  noiseModels({ root: join(directory, name), ...size, every: 32 });

test('five models of 1 GB are merged in less memory than one of them takes', async () => {
  const recipe = { merge_method: 'linear', models: models('large', { bytes: 1e9, count: 4 }) };
  const { peakBytes, files } = await mergeInChild({ recipe, out: join(directory, 'large-out') });
  expect(files[0]?.size).toBeGreaterThan(1e9);
  expect(peakBytes).toBeLessThan(2 ** 30);
}, 180_000);

test('a method that keeps whole tensors stays within the memory it is given, to the same bytes', async () => {
  const cap = 192 * 2 ** 20;
  // Rows of bfloat16 are read again rather than kept.
  const [base, ...fineTunes] = models('small', { bytes: 150e6, count: 5, dtype: 'F16' });
  const recipe = { merge_method: 'ties', parameters: { density: 0.2 }, base_model: base, models: fineTunes };
  const merge = (name: string, memory?: number) =>
    mergeInChild({ recipe, out: join(directory, name), workers: 1, ...(memory === undefined ? {} : { memory }) });
  const free = await merge('free-out');
  const capped = await merge('capped-out', cap);
  expect(free.peakBytes).toBeGreaterThan(cap);
  expect(capped.peakBytes).toBeLessThan(cap);
  expect(capped.files).toEqual(free.files);
}, 180_000);

test('gathering statistics takes no more than was planned, and no more than is allowed, to the same bytes', async () => {
  const model = { layers: 2, hidden: 512, inner: 4096, positions: 128 };
  const places = await noiseGathering({ root: join(directory, 'gathering'), model, texts: { count: 8, sentences: 2 } });
  const gather = async (kind: { kind: string; variant?: string }, share: number) => {
    const found = await gatherInChild({ ...places, ...kind, workers: 2, share });
    expect(found.peakBytes).toBeLessThanOrEqual(found.plannedBytes);
    expect(found.plannedBytes).toBeLessThanOrEqual(found.allowedBytes);
    return found;
  };
  const whole = await gather({ kind: 'gram' }, 1);
  const least = await gather({ kind: 'gram' }, 0);
  expect(whole.passes).toBe(1);
  expect(least.passes).toBeGreaterThan(1);
  expect(least.sha256).toBe(whole.sha256);
  await gather({ kind: 'fisher', variant: 'hard' }, 1);
}, 180_000);
