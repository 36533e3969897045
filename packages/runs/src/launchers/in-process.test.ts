import { registerMethods } from '@hubfuse/merge';
import { openStore, registerStores } from '@hubfuse/objects';
import { Registry } from '@hubfuse/plugin';
import { parseRecipe } from '@hubfuse/recipe';
import { expect, test } from 'vitest';
import { createRun } from '../create-run.ts';
import { launchRun } from '../launch-run.ts';
import { registerLaunchers } from '../launchers.ts';
import { readState } from '../state-cell.ts';

const registry = new Registry();
await registerStores(registry);
await registerMethods(registry);
await registerLaunchers(registry);
const inProcess = registry.get('launcher', 'in-process');

/** A run whose models do not exist, so that it fails at once. */
async function hopelessRun() {
  const store = await openStore(`memory:${crypto.randomUUID()}`, registry);
  const recipe = parseRecipe('{merge_method: linear, models: [./nowhere, ./neither]}', { registry });
  const { id: run } = await createRun({ store, recipe });
  const execution = { store, runId: run, registry, hub: { cacheDir: '/nowhere' }, workspace: '/nowhere' };
  return { store, run, execution, job: { store, run, handle: run } };
}

test('a run is described by its state, before and after it was executed', async () => {
  const { store, run, execution, job } = await hopelessRun();
  expect(await inProcess.describe(job)).toEqual({ status: 'pending' });
  const { handle, ended } = await inProcess.submit({ store, run, execution });
  expect(handle).toBe(run);
  await expect(ended).rejects.toThrow('nowhere');
  expect(await inProcess.describe(job)).toMatchObject({ status: 'failed', reason: expect.stringContaining('folder') });
});

test('whoever launches a run gets the error that it failed with', async () => {
  const { store, run, execution } = await hopelessRun();
  await expect(launchRun({ launcher: inProcess, ...execution })).rejects.toThrow('nowhere');
  expect((await readState(store, run)).state.status).toBe('failed');
});

test('the log of a run is its events, one JSON object a line', async () => {
  const { store, run, execution, job } = await hopelessRun();
  await expect((await inProcess.submit({ store, run, execution })).ended).rejects.toThrow();
  const lines: string[] = [];
  for await (const line of inProcess.logs(job)) lines.push(line);
  expect(lines.map((line) => JSON.parse(line).type)).toEqual(['started', 'phase-started', 'failed']);
});
