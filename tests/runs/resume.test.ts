import { existsSync } from 'node:fs';
import { cp, mkdir, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { importFolder } from '@hubfuse/hub-server';
import { cancelRun, createRun, type RunEvent, readRun } from '@hubfuse/runs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ExampleHub, startExampleHub } from '../support/example-hub.ts';
import { exampleRecipe } from './example-run.ts';
import { Bench } from './harness.ts';

const ZOO = fileURLToPath(new URL('../../examples/intents-tiny/', import.meta.url));

let hub: ExampleHub;
beforeAll(async () => {
  hub = await startExampleHub();
});
afterAll(() => hub.close());

const recipe = exampleRecipe({ method: 'task_arithmetic', domains: ['money', 'home'], evaluate: false });

/** Executes a run and stops it when a phase begins. */
async function stopAt(bench: Bench, id: string, phase: string): Promise<void> {
  const controller = new AbortController();
  const onEvent = (event: RunEvent) => {
    if (event.type === 'phase-started' && event.phase === phase) controller.abort();
  };
  await expect(bench.execute(id, { signal: controller.signal, onEvent })).rejects.toMatchObject({
    code: 'run/cancelled',
  });
  expect((await readRun({ store: bench.store, runId: id })).state.status).toBe('cancelled');
}

test('a resumed run merges the commits that were pinned, although their branches moved on', async () => {
  const bench = await Bench.open(hub, 'moved');
  await cp(join(ZOO, 'money'), join(bench.folder, 'specialist'), { recursive: true });
  const publishSpecialist = () =>
    importFolder({ root: hub.folder, repo: 'you/specialist', folder: join(bench.folder, 'specialist') });
  const { commit } = await publishSpecialist();
  const moving = recipe.replace('hubfuse-examples/intents-money', 'you/specialist');
  const id = await bench.create(moving);
  await stopAt(bench, id, 'fetch');
  await cp(join(ZOO, 'home', 'model.safetensors'), join(bench.folder, 'specialist', 'model.safetensors'));
  expect((await publishSpecialist()).commit).not.toBe(commit);
  expect(await bench.create(moving)).toBe(id);
  const report = await bench.execute(id);
  const reference = await (await Bench.open(hub, 'unmoved')).run(recipe);
  const weights = (files: typeof report.files) => files.find(({ path }) => path === 'model.safetensors')?.sha256;
  expect(weights(report.files)).toBe(weights(reference.files));
  const manifest = JSON.parse(await readFile(join(bench.out, 'hubfuse.json'), 'utf8'));
  expect(manifest.inputs[1]).toMatchObject({ name: 'you/specialist', revision: commit });
});

test('what an interrupted run left beside an output goes when another recipe has taken the name', async () => {
  const bench = await Bench.open(hub, 'abandoned');
  const left = async () => (await readdir(bench.folder)).filter((name) => name.includes('.partial'));
  const first = await bench.create(recipe);
  await stopAt(bench, first, 'assemble');
  await mkdir(join(bench.folder, '.merged.of-another-store.partial'));
  expect(await left()).toEqual([`.merged.${first}.partial-1`, '.merged.of-another-store.partial'].sort());
  const report = await bench.run(recipe.replace('name:', 'dtype: float32\nname:'));
  expect(await left()).toEqual(['.merged.of-another-store.partial']);
  expect(report.warnings.join()).toContain(first);
  const again = await bench.execute(first);
  expect(again.files).not.toEqual(report.files);
  expect(again.folder).toBe(bench.out);
});

test('a run that goes on at another machine merges again what that disk does not have', async () => {
  const bench = await Bench.open(hub, 'elsewhere');
  const publishing = exampleRecipe({ domains: ['money', 'home'], publish: 'publish: {hub: {repo: you/elsewhere}}' });
  const { id } = await createRun({ store: bench.store, recipe: bench.parse(publishing), options: { hubUrl: hub.url } });
  await stopAt(bench, id, 'publish');
  const other = join(bench.folder, 'other-machine');
  const merged: string[] = [];
  const report = await bench.execute(id, {
    workspace: join(other, 'work'),
    hub: { cacheDir: join(other, 'cache') },
    onEvent: (event) => {
      if (event.type === 'phase-started') merged.push(event.phase);
    },
  });
  expect(merged).toEqual(['merge', 'evaluate', 'assemble', 'publish']);
  expect(report.folder).toBe(join(other, 'work', 'models', id));
  expect(report.published).toMatchObject([{ already: false }]);
  const weights = report.files.find(({ path }) => path === 'model.safetensors');
  const reference = await (await Bench.open(hub, 'not-elsewhere')).run(exampleRecipe({ domains: ['money', 'home'] }));
  expect(reference.files).toContainEqual(weights);
});

test('models are fetched at the same time and keep together to the bound of connections', async () => {
  const bench = await Bench.open(hub, 'parallel');
  hub.setFaults([{ kind: 'slow', bytesPerSecond: 4_000_000, path: 'model.safetensors', times: 1000 }]);
  let [underWay, most] = [0, 0];
  const counting: typeof fetch = async (...request) => {
    const response = await fetch(...request);
    if (!String(request[0]).includes('model.safetensors') || response.body === null) return response;
    most = Math.max(most, ++underWay);
    const counted = new TransformStream({ flush: () => void underWay-- });
    return new Response(response.body.pipeThrough(counted), response);
  };
  const labels: string[] = [];
  try {
    await bench.run(recipe, {
      hub: { fetch: counting, connections: 2 },
      onProgress: ({ phase, label }) => {
        if (phase === 'fetch') labels.push(label ?? '');
      },
    });
  } finally {
    hub.setFaults([]);
  }
  expect(most).toBe(2);
  expect(labels.some((label) => label.endsWith(' and 1 more'))).toBe(true);
});

test.each(['fetch', 'merge', 'assemble'])(
  'a run stopped at %s leaves nothing at its output and continues there',
  async (phase) => {
    const bench = await Bench.open(hub, `stopped-at-${phase}`);
    const id = await bench.create(recipe);
    await stopAt(bench, id, phase);
    expect(existsSync(bench.out)).toBe(false);
    const events: RunEvent[] = [];
    await bench.execute(id, { onEvent: (event) => events.push(event) });
    expect(events[0]).toMatchObject({ type: 'started', resumedAt: phase });
    expect(existsSync(join(bench.out, 'model.safetensors'))).toBe(true);
  },
);

test('a run is stopped from another process through the store', async () => {
  const bench = await Bench.open(hub, 'cancelled');
  const id = await bench.create(recipe);
  await cancelRun({ store: bench.store, runId: id });
  await expect(bench.execute(id)).rejects.toMatchObject({ code: 'run/cancelled' });
  expect(existsSync(bench.out)).toBe(false);
  await bench.execute(id);
  expect(existsSync(bench.out)).toBe(true);
});

test('what was cleared from the cache between two executions is fetched again', async () => {
  const bench = await Bench.open(hub, 'cleared');
  const id = await bench.create(recipe);
  await stopAt(bench, id, 'merge');
  await rm(join(bench.folder, 'cache'), { recursive: true });
  await bench.execute(id);
  expect(existsSync(join(bench.out, 'model.safetensors'))).toBe(true);
});

test.each(['fetch', 'merge'])(
  'a local input that changes before the phase %s is refused, and asking again merges what stands there',
  async (phase) => {
    const bench = await Bench.open(hub, `local-${phase}`);
    await cp(join(ZOO, 'money'), join(bench.folder, 'mine'), { recursive: true });
    const local = recipe.replace('hubfuse-examples/intents-money', './mine');
    const id = await bench.create(local);
    await stopAt(bench, id, phase);
    expect(await bench.create(local)).toBe(id);
    await cp(join(ZOO, 'home', 'model.safetensors'), join(bench.folder, 'mine', 'model.safetensors'));
    await utimes(join(bench.folder, 'mine', 'model.safetensors'), 1, 1);
    await expect(bench.execute(id)).rejects.toMatchObject({
      code: 'run/input-changed',
      where: join(bench.folder, 'mine', 'model.safetensors'),
    });
    const fresh = await bench.create(local);
    expect(fresh).not.toBe(id);
    await bench.execute(fresh);
    expect(existsSync(join(bench.out, 'model.safetensors'))).toBe(true);
  },
);

test('a model whose weights were at fault is read anew when it is merged again, and nothing is left of the attempt', async () => {
  const bench = await Bench.open(hub, 'mended');
  const specialist = join(bench.folder, 'specialist');
  await cp(join(ZOO, 'money'), specialist, { recursive: true });
  const weights = await readFile(join(specialist, 'model.safetensors'));
  const damaged = Buffer.from(weights);
  damaged.writeUInt16LE(0x7fc0, damaged.length - 2);
  const publishSpecialist = async (content: Buffer) => {
    await writeFile(join(specialist, 'model.safetensors'), content);
    await importFolder({ root: hub.folder, repo: 'you/mended', folder: specialist });
  };
  await publishSpecialist(damaged);
  const text = recipe.replace('hubfuse-examples/intents-money', 'you/mended');
  await expect(bench.run(text)).rejects.toMatchObject({ code: 'tensors/not-finite' });
  expect((await readdir(bench.folder)).filter((name) => name.includes('merged'))).toEqual([]);
  await publishSpecialist(weights);
  await bench.run(text);
  expect(existsSync(join(bench.out, 'model.safetensors'))).toBe(true);
});

test('local data that changes while a run is stopped is refused', async () => {
  const bench = await Bench.open(hub, 'local-data');
  await cp(join(ZOO, 'data', 'money.dev.jsonl'), join(bench.folder, 'money.jsonl'));
  const scored = `${recipe}\nevaluate: {task: text-classification, limit: 5, datasets: [{name: money, dev: money.jsonl}]}\n`;
  const id = await bench.create(scored);
  await stopAt(bench, id, 'fetch');
  await writeFile(join(bench.folder, 'money.jsonl'), '{"text": "hello", "label": "balance"}\n');
  await expect(bench.execute(id)).rejects.toMatchObject({
    code: 'run/input-changed',
    where: join(bench.folder, 'money.jsonl'),
  });
  expect(await bench.create(scored)).not.toBe(id);
});
