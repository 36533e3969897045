// Fills a store with the runs that a service of some weeks has: one real run, executed here and copied under other ids, and
// runs under way whose events and progress come while they are followed.
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { getJson, listAll, toJson } from '@hubfuse/objects';
import { parseRecipe } from '@hubfuse/recipe';
import { createRun, executeRun, readRun, rebuildIndex, runIdOf } from '@hubfuse/runs';

const RECIPE = `name: support
merge_method: task_arithmetic
base_model: hubfuse-examples/intents-base
models: [hubfuse-examples/intents-money, hubfuse-examples/intents-home]
evaluate:
  task: text-classification
  limit: 4
  datasets:
    - {name: money, from: hubfuse-examples/clinc150, dev: money/dev.jsonl}
`;

/** The format of a run's state: as @hubfuse/runs writes it. */
const STATE_FORMAT = { version: 3 };

/** @returns {Promise<{done: string[], live: string[]}>} ids */
export async function seedRuns({ store, registry, hub, folder, done, live }) {
  const recipe = parseRecipe(RECIPE, { registry, hub: hub.hubUrl, base: 'later' });
  const origin = { trigger: 'http', ancestry: [] };
  const options = { hubUrl: hub.hubUrl };
  const { id } = await createRun({ store, recipe, options, origin, once: 'bench original' });
  await executeRun({ store, runId: id, registry, hub, workspace: join(folder, 'work'), workers: 1 });
  const objects = [];
  for await (const key of listAll(store, `runs/${id}/`)) {
    objects.push([key, new TextDecoder().decode((await store.get(key)).body)]);
  }
  const copy = async (to, change = (text) => text) => {
    const one = async ([key, text]) => {
      const changed = change(text.replaceAll(id, to), key);
      if (changed !== undefined) await store.put(key.replace(id, to), new TextEncoder().encode(changed));
    };
    await Promise.all(objects.map(one));
  };
  const ids = { done: [id], live: [] };
  for (let index = 1; index < done; index++) {
    const to = runIdOf(`bench done ${index}`);
    await copy(to);
    ids.done.push(to);
  }
  for (let index = 0; index < live; index++) {
    const to = runIdOf(`bench live ${index}`);
    await copy(to, (text, key) => (key.endsWith('/report.json') || key.includes('/examples/') ? undefined : text));
    const { state } = await readRun({ store, runId: to });
    const phases = state.phases.map((phase) => (phase.name === 'merge' ? { ...phase, status: 'running' } : phase));
    await store.put(`runs/${to}/state.json`, toJson({ ...state, status: 'running', phases }, STATE_FORMAT));
    for await (const key of listAll(store, `runs/${to}/events/`)) {
      const event = await getJson(store, key);
      if (['done', 'published'].includes(event?.value.type)) await store.delete(key);
    }
    ids.live.push(to);
  }
  await rebuildIndex({ store });
  return ids;
}

/** Writes what workers write: a sign of life with progress twice a second, an event every two seconds, for each run. */
export async function keepAlive({ store, ids, signal }) {
  const numbers = new Map();
  for (const id of ids) {
    let last = 0;
    for await (const key of listAll(store, `runs/${id}/events/`)) last = Number(/(\d+)\.json$/.exec(key)[1]);
    numbers.set(id, last);
  }
  for (let beat = 0; !signal.aborted; beat++) {
    const due = performance.now() + 500;
    for (const id of ids) {
      const { state } = await readRun({ store, runId: id });
      const now = new Date().toISOString();
      const owner = { host: 'elsewhere', pid: 1, nonce: 'bench', heartbeatAt: now, leaseMs: 60_000 };
      const progress = { phase: 'merge', label: 'model.safetensors', done: beat, total: 1_000, unit: 'bytes' };
      await store.put(`runs/${id}/state.json`, toJson({ ...state, owner, progress, updatedAt: now }, STATE_FORMAT));
      if (beat % 4 !== 0) continue;
      const number = numbers.get(id) + 1;
      numbers.set(id, number);
      const event = { number, time: now, type: 'warning', code: 'bench/event', message: `the beat ${beat}` };
      await store.create(`runs/${id}/events/${String(number).padStart(6, '0')}.json`, toJson(event));
    }
    await wait(Math.max(0, due - performance.now()), undefined, { signal }).catch(() => undefined);
  }
}
