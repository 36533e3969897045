// Exercises every call of the launcher `hf-jobs`, and webhooks that start jobs, against the real Hugging Face Jobs, for whoever has a
// token that may start jobs and write repositories: HF_TOKEN, HUBFUSE_JOBS ({"namespace": "me", "image": "..."}), HUBFUSE_STORE in S3
// with its AWS_* keys. Jobs cost money: four small ones run, and a fifth is cancelled while it waits. Give a recipe of small models, and
// without `publish` unless you mean it:
//
//   npm run check:jobs -- recipe.yaml
//
// Never run against the real service so far.
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { eventJobRecipe, registerCloudLaunchers, startEventJob } from '@hubfuse/cloud';
import { registerEvaluation } from '@hubfuse/evaluate';
import { registerArchitectures } from '@hubfuse/graphs';
import {
  createWebhook,
  deleteWebhook,
  hubOptionsFromEnvironment,
  listWebhooks,
  registerPublishers,
} from '@hubfuse/hub';
import { registerMethods } from '@hubfuse/merge';
import { openStore, registerStorePublishers, registerStores } from '@hubfuse/objects';
import { Registry } from '@hubfuse/plugin';
import { createRun, makePlan, readRun } from '@hubfuse/runs';
import { recipeRepos, StoredRecipes } from '@hubfuse/service';
import { readArguments, refuse } from './read-arguments.mjs';

const { HF_TOKEN, HUBFUSE_JOBS, HUBFUSE_STORE } = process.env;
const { positionals } = readArguments({ script: import.meta.url, positionals: '<recipe>  what is merged' });
const [file] = positionals;
if (!HF_TOKEN || !HUBFUSE_JOBS || !HUBFUSE_STORE || file === undefined) {
  refuse('set HF_TOKEN, HUBFUSE_JOBS and HUBFUSE_STORE, and name a recipe: npm run check:jobs -- recipe.yaml');
}
/** A machine may take minutes to come. */
const MOST_MINUTES = 60;
const PAUSE_MS = 2_000;

const begun = performance.now();
const said = (what) =>
  process.stdout.write(`${((performance.now() - begun) / 1000).toFixed(1).padStart(8)} s  ${what}\n`);

const registry = new Registry();
const rooms = [registerStores, registerMethods, registerArchitectures, registerEvaluation, registerPublishers];
for (const register of [...rooms, registerStorePublishers, registerCloudLaunchers]) await register(registry);
const hub = await hubOptionsFromEnvironment({ cacheDir: join(tmpdir(), 'hubfuse-check-jobs') });
const store = await openStore(HUBFUSE_STORE, registry);
const launcher = registry.get('launcher', 'hf-jobs');
const recipes = new StoredRecipes({ store, registry, hubUrl: hub.hubUrl });
const text = await readFile(file, 'utf8');
const recipe = recipes.parse(text, basename(file));
said('the recipe can be served');

/** A run that waits, with its jobs. */
async function submitted(asked = recipe) {
  const { id } = await createRun({ store, recipe: asked, options: { hubUrl: hub.hubUrl }, fresh: true });
  const execution = { store, runId: id, registry, hub, workspace: join(tmpdir(), 'hubfuse-check-jobs') };
  const { handle, ended } = await launcher.submit({ run: id, store, execution });
  return { run: id, handle, ended, store };
}

const cancelled = await submitted();
said(`submit: the job ${cancelled.handle}`);
await launcher.cancel(cancelled);
said(`cancel: the run is ${(await readRun({ store, runId: cancelled.run })).state.status}`);

const job = await submitted();
said(`submit: the job ${job.handle}`);
let status = '';
for (
  const until = Date.now() + MOST_MINUTES * 60_000;
  status !== 'running' && status !== 'done';
  await wait(PAUSE_MS)
) {
  const described = await launcher.describe(job);
  if (described.status !== status) said(`describe: ${described.status} ${described.reason ?? ''}`);
  status = described.status;
  if (status === 'failed') throw new Error(`the job has failed: ${described.reason}`);
  if (Date.now() > until) throw new Error(`no machine came within ${MOST_MINUTES} minutes`);
}
const lines = [];
const reading = (async () => {
  for await (const line of launcher.logs(job)) lines.push(line);
})();
await job.ended;
await reading;
said(`logs: ${lines.length} lines; the last: ${lines.at(-1)}`);
for (const line of lines.filter((one) => one.includes('"event":"phase"'))) said(line);
const { state } = await readRun({ store, runId: job.run });
if (state.status !== 'done') throw new Error(`the run is ${state.status}`);
said('the run is done');

const several = await submitted({ ...recipe, compute: { ...recipe.compute, children: 2 } });
said(`submit: two jobs of the array ${several.handle}, at ${(await launcher.describe(several)).url}`);
const again = await launcher.submit({
  ...{ run: several.run, store },
  execution: { store, runId: several.run, registry, hub, workspace: join(tmpdir(), 'hubfuse-check-jobs') },
});
if (again.handle !== several.handle)
  throw new Error('the list by labels does not show what was started: a second array began');
said('submit again: the jobs were found by their labels, and no other was started');
await several.ended;
const shared = (await readRun({ store, runId: several.run })).state.status;
if (shared !== 'done') throw new Error(`the run of two workers is ${shared}`);
said('the run of two workers is done');

const name = 'check-jobs';
await recipes.put({ name, text });
const plan = await makePlan({ spec: { recipe, options: { hubUrl: hub.hubUrl } }, hub, registry, elsewhere: true });
const { id, flavor } = await startEventJob({ recipe: name, plan, store, hub, signal: AbortSignal.timeout(3_600_000) });
said(`the job ${id} on ${flavor} proved itself`);
const watched = recipeRepos(recipe).map(({ type, repo }) => ({ type, name: repo }));
const webhook = await createWebhook({ jobId: id, watched, domains: ['repo'], options: hub });
try {
  const known = (await listWebhooks(hub)).find((one) => one.id === webhook.id);
  const meant = known?.job && eventJobRecipe(known.job.command);
  if (meant?.recipe !== name) throw new Error(`the Hub shows the webhook's job as ${JSON.stringify(known?.job)}`);
  said('the webhook is registered, and the Hub says which recipe it is for');
} finally {
  await deleteWebhook({ id: webhook.id, options: hub });
  await recipes.delete(name);
}
said('webhook and recipe are removed. To see a push start it: hubfuse webhooks add --job');
process.exit(0);
