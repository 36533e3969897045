import { listAll } from '@hubfuse/objects';
import { readRunState } from '@hubfuse/runs';
import { expect, test } from 'vitest';
import { setState } from '../../test/runs.ts';
import { testServices } from '../../test/services.ts';
import type { Key } from '../keys/key.ts';
import { attendRuns } from '../notices/attend-runs.ts';
import { attendedRuns, attendRun } from './begin-run.ts';
import { continueRun } from './continue-run.ts';
import { removeRun } from './remove-run.ts';
import { mayReadRun } from './run-access.ts';
import { startRun } from './start-run.ts';

const text = 'merge_method: linear\nmodels: [ana/one, ana/secret]\npublish: {hub: ana/merged}\n';

async function ended(settings: { token?: string } = {}) {
  const opened = await testServices();
  const { services, hub } = opened;
  hub.addModel('ana/one');
  hub.addModel('ana/secret', { private: true });
  const keyOf = async (namespaces: string[]) => {
    const { id } = await services.keys.create({ name: 'ci', scopes: ['run'], namespaces });
    return (await services.keys.get(id)) as Key;
  };
  const key = await keyOf(['ana']);
  const { id: runId } = await startRun(services, { recipe: { text }, key, ...settings });
  await setState(services.store, runId, { status: 'failed' });
  await services.secrets.wipe({ run: runId, generation: 1 });
  await services.store.delete(`service/attended/${runId}.json`);
  const attended = async () => {
    const runs: string[] = [];
    for await (const { run } of attendedRuns(services.store)) runs.push(run);
    return runs;
  };
  return { ...opened, runId, key, keyOf, attended };
}

test('a run that failed is queued again, and its end is awaited again', async () => {
  const { services, runId, key, attended } = await ended();
  let woken = 0;
  services.wake = () => woken++;
  expect((await continueRun(services, { how: 'retry', runId, key })).status).toBe('queued');
  expect([await attended(), woken]).toEqual([[runId], 1]);
  await expect(continueRun(services, { how: 'retry', runId, key })).rejects.toMatchObject({ code: 'run/active' });
});

test('whoever asks needs the rights that the run needs', async () => {
  const { services, runId, keyOf } = await ended();
  const bob = await keyOf(['bob']);
  await expect(continueRun(services, { how: 'retry', runId, key: bob })).rejects.toMatchObject({
    code: 'service/namespace',
  });
  expect((await readRunState({ store: services.store, runId })).status).toBe('failed');
});

test('a run with a token of its caller goes on with one alone, and another request cannot exchange it under way', async () => {
  const { services, runId, key } = await ended({ token: 'hf_first' });
  await expect(continueRun(services, { how: 'retry', runId, key })).rejects.toMatchObject({
    code: 'service/token-needed',
  });
  await continueRun(services, { how: 'retry', runId, key, token: 'hf_second' });
  expect(await services.secrets.take({ run: runId, generation: 2 })).toBe('hf_second');
  await expect(continueRun(services, { how: 'retry', runId, key, token: 'hf_third' })).rejects.toMatchObject({
    code: 'run/active',
  });
  expect(await services.secrets.take({ run: runId, generation: 2 })).toBe('hf_second');
});

test('a run that is restarted with a token of the caller is theirs from then on', async () => {
  const { services, runId, key, keyOf } = await ended();
  const other = await keyOf(['ana']);
  expect(await mayReadRun({ store: services.store, runId, key: other })).toBe(true);
  await continueRun(services, { how: 'retry', runId, key, token: 'hf_own' });
  expect(await mayReadRun({ store: services.store, runId, key: other })).toBe(false);
  expect(await mayReadRun({ store: services.store, runId, key })).toBe(true);
});

test('a run that is removed leaves nothing about it', async () => {
  const { services, runId } = await ended({ token: 'hf_first' });
  await services.secrets.keep({ run: runId, generation: 2 }, 'hf_left');
  await removeRun(services, { runId });
  for await (const path of listAll(services.store, 'service/')) expect(path).not.toContain(runId);
});

test('a run that is restarted before its end was attended to keeps its new token, and its next end is awaited', async () => {
  const { services, runId, key, attended } = await ended({ token: 'hf_first' });
  const first = { run: runId, generation: 1 };
  await services.secrets.keep(first, 'hf_first');
  await attendRun(services, first);
  await continueRun(services, { how: 'retry', runId, key, token: 'hf_second' });
  // Whoever attends to the end has read the state before, and wipes what it knows of only now.
  await services.secrets.wipe(first);
  expect(await services.secrets.take({ run: runId, generation: 2 })).toBe('hf_second');
  await attendRuns(services);
  expect(await services.secrets.take({ run: runId, generation: 2 })).toBe('hf_second');
  expect(await attended()).toEqual([runId]);
  await setState(services.store, runId, { status: 'failed', error: { name: 'X', code: 'x/y', message: 'm' } });
  await attendRuns(services);
  expect(await services.secrets.take({ run: runId, generation: 2 })).toBeUndefined();
  expect(await attended()).toEqual([]);
});
