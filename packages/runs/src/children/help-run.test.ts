import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openStore, registerStores } from '@hubfuse/objects';
import { type ObjectStore, Registry } from '@hubfuse/plugin';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { sampleRecipe } from '../../test/recipes.ts';
import { createRun } from '../create-run.ts';
import type { PhaseName } from '../phase.ts';
import type { RunOwner, RunState } from '../run.ts';
import { changeState } from '../state-cell.ts';
import { helpRun } from './help-run.ts';

const LEASE_MS = 400;
const PHASES: readonly PhaseName[] = ['resolve', 'fetch', 'merge', 'assemble'];
const registry = new Registry();
let workspace: string;
let store: ObjectStore;
let runId: string;
let count = 0;
beforeAll(async () => {
  await registerStores(registry);
  workspace = await mkdtemp(join(tmpdir(), 'hubfuse-help-'));
});
afterAll(() => rm(workspace, { recursive: true, force: true }));
beforeEach(async () => {
  store = await openStore(`memory:help-${count++}`, registry);
  runId = (await createRun({ store, recipe: sampleRecipe() })).id;
});

const change = (parts: (state: RunState) => Partial<RunState>) =>
  changeState(store, runId, (state) => ({ ...state, ...parts(state) }));
/** The run as it is when one phase comes next. */
const until = (next: PhaseName, more: Partial<RunState> = {}) =>
  change(() => ({
    attempts: 1,
    phases: PHASES.map((name, index) => ({ name, status: index < PHASES.indexOf(next) ? 'done' : 'waiting' })),
    ...more,
  }));
/** Another machine's worker, who gives its last sign of life now. */
const owner = (): RunOwner => {
  const heartbeatAt = new Date().toISOString();
  return { host: 'elsewhere', pid: 1, nonce: 'other', heartbeatAt, leaseMs: LEASE_MS };
};
const help = () =>
  helpRun({
    ...{ store, runId, registry, workspace, leaseMs: LEASE_MS },
    hub: { hubUrl: 'http://127.0.0.1:9', cacheDir: workspace },
    children: { count: 2, index: 1 },
  });

test('a child does not leave a run that was given back, though nothing of it is shared any more', async () => {
  await until('assemble', { status: 'queued' });
  expect(await help()).toBe('free');
});

test('a child does not leave a run to an owner that gives no sign of life, and takes its place when its lease is over', async () => {
  await until('assemble', { status: 'running', owner: owner() });
  const begun = Date.now();
  expect(await help()).toBe('free');
  expect(Date.now() - begun).toBeGreaterThan(LEASE_MS / 2);
});

test('a child leaves what is done by one to a leader that lives, and stays while anything is shared', async () => {
  await until('merge', { status: 'running', owner: owner() });
  const beating = setInterval(() => void change(() => ({ owner: owner() })), LEASE_MS / 8);
  const ended = help();
  expect(await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, LEASE_MS, 'stays'))])).toBe('stays');
  await until('assemble');
  expect(await ended).toBe('needless');
  clearInterval(beating);
});

test('a child leaves a run that has ended', async () => {
  await until('assemble', { status: 'failed' });
  expect(await help()).toBe('ended');
});
