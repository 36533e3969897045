import { existsSync } from 'node:fs';
import { cp, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseModelReference } from '@hubfuse/recipe';
import { type RunEvent, type RunReport, readEvents, readRun, reproduce } from '@hubfuse/runs';
import { type FloatDType, readSafetensors, toFloat32, writeSafetensors } from '@hubfuse/tensors';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { environment } from '../environment.ts';
import { type ExampleHub, startExampleHub } from '../support/example-hub.ts';
import { exampleRecipe } from './example-run.ts';
import { Bench } from './harness.ts';

/** Few examples and few candidates: what is tested is the way through a run, not the gain. */
const EXAMPLES = 30;
const EVOLVE = 'evolve: {generations: 2, mode: blend, crossover: 0.7}';

let hub: ExampleHub;
beforeAll(async () => {
  hub = await startExampleHub();
});
afterAll(() => hub.close());

function searching(block: string, options: { method?: string; repo?: string; more?: string } = {}): string {
  const { method = 'task_arithmetic', repo, more = '' } = options;
  const publish = repo === undefined ? '' : `publish: {hub: ${repo}, if: mean > best_parent}`;
  const recipe = exampleRecipe({ method, evaluate: EXAMPLES, more: `${more}\n${block}`, publish });
  return method === 'evolver' ? recipe.replace(/^base_model:.*\n/m, '') : recipe;
}

/** The candidates that a run decided on, from its events. */
async function decisions(bench: Bench, runId: string): Promise<{ number: number; accepted: boolean }[]> {
  const found: { number: number; accepted: boolean }[] = [];
  for await (const event of readEvents({ store: bench.store, runId })) {
    if (event.type === 'search' && event.search.type === 'candidate') found.push(event.search.record);
  }
  return found;
}

function weights({ files }: RunReport): string[] {
  return files.filter(({ path }) => path.endsWith('.safetensors')).map(({ sha256 }) => sha256);
}

describe('an evolution in front of a method', () => {
  const recipe = searching(EVOLVE, { repo: 'you/evolved', more: 'parameters: {lambda: 0.3}' });
  let bench: Bench;
  let runId: string;
  let report: RunReport;
  beforeAll(async () => {
    bench = await Bench.open(hub, 'evolved');
    runId = await bench.create(recipe);
    report = await bench.execute(runId);
  }, 120_000);

  test('never ends below the merge that it began with, and says how it went', async () => {
    const { search } = report;
    expect(search?.kind).toBe('evolution');
    expect(search?.best.score).toBeGreaterThanOrEqual(search?.start.score ?? Number.NaN);
    expect(search?.candidates).toBe(8);
    expect(search?.spent.examples).toBeLessThan(search?.spent.examplesInFull ?? 0);
    const { accepted, rejected } = search?.examples ?? {};
    expect(accepted?.examples).toBe(accepted?.total);
    expect(rejected?.examples).toBeLessThan(rejected?.total ?? 0);
    expect((accepted?.candidates ?? 0) + (rejected?.candidates ?? 0)).toBe(search?.candidates);
    expect((await decisions(bench, runId)).map(({ number }) => number)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });

  test('the merged model scores on development data what the search says that it found', () => {
    const merged = report.scores?.rows.find(({ role }) => role === 'merged');
    expect(merged?.dev?.mean).toBeCloseTo(report.search?.best.score ?? Number.NaN, 10);
    expect(merged?.test?.mean).toBeGreaterThan(0);
  });

  test('is published with its decisions and a card that tells how it was found', async () => {
    expect(report.published[0]?.url).toContain('you/evolved');
    const card = await readFile(join(bench.out, 'README.md'), 'utf8');
    expect(card).toContain('## How it was found');
    expect(card).toContain('Evolver (Du et al.');
    expect(card).toMatch(/\| Candidates decided on \| 8, \d of them accepted \|/);
    expect(card).toContain('- evolver');
    const names = report.files.map(({ path }) => path);
    expect(names).toContain('search.json');
    expect(names.some((path) => path.startsWith('search/'))).toBe(false);
  });

  test('leaves a report and a line for every candidate beside the model', async () => {
    const html = await readFile(join(bench.out, 'search', 'report.html'), 'utf8');
    expect(html).toContain('Evolver around Task arithmetic');
    expect(html).not.toMatch(/NaN|undefined/);
    const lines = (await readFile(join(bench.out, 'search', 'candidates.jsonl'), 'utf8')).trimEnd().split('\n');
    expect(lines).toHaveLength(1 + 8);
    expect(JSON.parse(lines[1] ?? '')).toMatchObject({ candidate: 0, generation: 0, accepted: expect.any(Boolean) });
    const { state } = await readRun({ store: bench.store, runId });
    expect(state.artefacts.map(({ name }) => name)).toContain('search: report.html');
  });

  test('is built again from what is published, with the same bytes and without scoring', async () => {
    const { registry, hubOptions, folder } = bench;
    const again = await reproduce({
      reference: parseModelReference('you/evolved', { hub: hub.url }),
      ...{ registry, hub: hubOptions, workspace: join(folder, 'again'), workers: 1 },
    });
    expect(again.same).toBe(true);
  });

  test('another run of the same search finds the same bytes, with another number of workers', async () => {
    const other = await Bench.open(hub, 'evolved-again');
    const more = await other.execute(await other.create(searching(EVOLVE, { more: 'parameters: {lambda: 0.3}' })), {
      workers: 3,
    });
    expect(weights(more)).toEqual(weights(report));
  }, 120_000);

  test('a search that is stopped between two decisions goes on with the next and finds the same bytes', async () => {
    const other = await Bench.open(hub, 'evolved-stopped');
    const id = await other.create(searching(EVOLVE, { more: 'parameters: {lambda: 0.3}' }));
    const stop = new AbortController();
    const onEvent = (event: RunEvent) => {
      if (event.type === 'search' && event.search.type === 'candidate' && event.search.record.number === 2)
        stop.abort();
    };
    await expect(other.execute(id, { signal: stop.signal, onEvent })).rejects.toMatchObject({ code: 'run/cancelled' });
    expect(existsSync(other.out)).toBe(false);
    const resumed = await other.execute(id);
    expect(weights(resumed)).toEqual(weights(report));
    expect((await decisions(other, id)).map(({ number }) => number)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  }, 120_000);

  test('a search that began on another kind of processor asks before it goes on, and keeps what it has', async () => {
    const other = await Bench.open(hub, 'evolved-elsewhere');
    const id = await other.create(searching(EVOLVE, { more: 'parameters: {lambda: 0.3}' }));
    const stop = new AbortController();
    const onEvent = (event: RunEvent) => {
      if (event.type === 'search' && event.search.type === 'candidate') stop.abort();
    };
    await expect(other.execute(id, { signal: stop.signal, onEvent })).rejects.toThrow();
    const key = `runs/${id}/search/checkpoint.json`;
    const stored = await other.store.get(key);
    const state = JSON.parse(new TextDecoder().decode(stored?.body)) as { environment: { processor: string } };
    const moved = { ...state, environment: { ...state.environment, processor: 'Another CPU' } };
    await other.store.put(key, new TextEncoder().encode(JSON.stringify(moved)));
    await expect(other.execute(id)).rejects.toMatchObject({
      code: 'evolve/other-processor',
      message: expect.stringContaining('--allow-other-processor'),
    });
    const kept = await other.store.get(key);
    expect(new TextDecoder().decode(kept?.body)).toBe(JSON.stringify(moved));
    const allowed = await other.execute(id, { allowOtherProcessor: true });
    expect(allowed.warnings.join()).toContain('Another CPU');
  }, 120_000);
});

test('Evolver alone takes the best individual and is reproduced like any merge', async () => {
  const bench = await Bench.open(hub, 'alone');
  const report = await bench.run(
    searching('evolve: {generations: 1, mode: blend}', { method: 'evolver', repo: 'you/alone' }),
  );
  expect(report.search?.individual).toMatch(/^hubfuse-examples\/intents-/);
  expect(report.search?.spent.evaluations).toBe(8);
  const { registry, hubOptions, folder } = bench;
  const again = await reproduce({
    reference: { kind: 'folder', path: bench.out, reference: bench.out },
    ...{ registry, hub: hubOptions, workspace: join(folder, 'again'), workers: 1 },
  });
  expect(again.same).toBe(true);
}, 120_000);

test('a candidate that overflows the written type is rejected, and the search goes on', async () => {
  const bench = await Bench.open(hub, 'overflow');
  const names = ['money', 'home', 'travel'];
  for (const [model, name] of names.entries()) {
    const source = join(import.meta.dirname, '../../examples/intents-tiny', name);
    const folder = join(bench.folder, name);
    await cp(source, folder, { recursive: true });
    const file = join(folder, 'model.safetensors');
    const { tensors } = await readSafetensors(file);
    const bias = tensors.get('classifier.bias');
    if (bias === undefined) throw new Error('the model has no bias');
    // The same for all labels, so that every model answers as before; a difference reaches beyond float16.
    const values = toFloat32(bias.data, bias.dtype as FloatDType).map(
      (value) => value + (model === 1 ? -60_000 : 60_000),
    );
    const shifted = { dtype: 'F32', shape: bias.shape, data: new Uint8Array(values.buffer) } as const;
    await writeSafetensors(file, new Map([...tensors, ['classifier.bias', shifted]]));
  }
  const report = await bench.run(
    [
      'merge_method: evolver',
      `models: [${names.map((name) => join(bench.folder, name)).join(', ')}]`,
      'out_dtype: float16',
      'evolve: {generations: 2}',
      searching('').slice(searching('').indexOf('evaluate:')),
    ].join('\n'),
  );
  expect(report.search?.candidates).toBe(6);
  const lines = (await readFile(join(bench.out, 'search', 'candidates.jsonl'), 'utf8')).trimEnd().split('\n');
  const failed = lines.map((line) => JSON.parse(line) as { failure?: string; accepted?: boolean; examples: number });
  const overflown = failed.filter(({ failure }) => failure !== undefined);
  expect(overflown.length).toBeGreaterThan(0);
  for (const { failure, accepted, examples } of overflown) {
    expect({ accepted, examples }).toEqual({ accepted: false, examples: 0 });
    expect(failure).toMatch(/does not fit into F16/);
  }
  expect(await readFile(join(bench.out, 'search', 'report.html'), 'utf8')).toContain('does not fit into F16');
}, 120_000);

test('a budget of examples ends a search cleanly with the best so far', async () => {
  const bench = await Bench.open(hub, 'budget');
  const report = await bench.run(searching('evolve: {generations: 9, mode: blend, examples: 300}'));
  expect(report.search?.ended).toBe('examples');
  expect(report.search?.candidates).toBeLessThan(36);
}, 120_000);

// Matthews over every candidate takes as long as all other searches here: `npm run soak` scores it.
test.skipIf(environment.soak === undefined)(
  'with a metric that has no sound bound every candidate is scored in full, and the log says so',
  async () => {
    const bench = await Bench.open(hub, 'unbounded');
    const recipe = searching('evolve: {generations: 1, mode: blend}');
    const report = await bench.run(recipe.replace(/^( *)task: .*$/m, '$&\n$1metric: matthews'));
    expect(report.warnings.join()).toContain('the metric matthews has no sound bound');
    const { spent, examples } = report.search ?? {};
    expect(spent?.examples).toBe(spent?.examplesInFull);
    expect(examples?.rejected.examples).toBe(examples?.rejected.total);
  },
  120_000,
);

test('a changed record of decisions is found out', async () => {
  const bench = await Bench.open(hub, 'forged');
  await bench.run(searching('evolve: {generations: 1, mode: blend}'));
  await bench.write({ 'merged/search.json': '{}' });
  const { registry, hubOptions, folder } = bench;
  const again = reproduce({
    reference: { kind: 'folder', path: bench.out, reference: bench.out },
    ...{ registry, hub: hubOptions, workspace: join(folder, 'again'), workers: 1 },
  });
  await expect(again).rejects.toMatchObject({ code: 'run/bad-decisions' });
}, 120_000);
