import { cp, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MANIFEST_FILE, parseManifest } from '@hubfuse/hub';
import type { Genealogy } from '@hubfuse/merge';
import { getJson } from '@hubfuse/objects';
import { makePlan, type RunEvent, type RunReport, reproduce } from '@hubfuse/runs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { mergeRecipe } from '../merge-recipe.ts';
import { type ExampleHub, startExampleHub } from '../support/example-hub.ts';
import { hubfuse } from '../support/hubfuse.ts';
import { Bench } from './harness.ts';

// `evolve: {refresh: grams}`: second moments are gathered anew for models that evolution has changed.

const DOMAINS = ['money', 'home'];
const ROWS = '[:60]';
const MINUTES = 10;
const EXAMPLES = join(import.meta.dirname, '../../examples/intents-tiny');

function recipe(evolve: string): string {
  const models = DOMAINS.map(
    (name) => `  - model: hubfuse-examples/intents-${name}
    calibration: {data: ${name}/dev.jsonl, from: hubfuse-examples/clinc150, split: "${ROWS}"}`,
  );
  const datasets = DOMAINS.map(
    (name) => `{name: ${name}, from: hubfuse-examples/clinc150, dev: ${name}/dev.jsonl, split: "[60:120]"}`,
  );
  return `name: refreshed
merge_method: regmean
models:
${models.join('\n')}
evaluate:
  task: text-classification
  datasets: [${datasets.join(', ')}]
evolve: {mode: blend, generations: 1, scale: 0.3, ${evolve}}
`;
}

const weights = (bench: Bench): Promise<Buffer> => readFile(join(bench.out, 'model.safetensors'));

let hub: ExampleHub;
beforeAll(async () => {
  hub = await startExampleHub();
});
afterAll(() => hub.close());

describe('a search that gathers Gram matrices anew', () => {
  let bench: Bench;
  let runId: string;
  let report: RunReport;
  beforeAll(async () => {
    bench = await Bench.open(hub, 'refreshed');
    runId = await bench.create(recipe('refresh: grams'));
    report = await bench.execute(runId);
  }, MINUTES * 60_000);

  async function genealogy(): Promise<Genealogy> {
    const found = await getJson<{ genealogy: Genealogy }>(bench.store, `runs/${runId}/search/found.json`);
    if (found === undefined) throw new Error('the search found nothing');
    return found.value.genealogy;
  }

  test('says so, and how often', async () => {
    expect(report.search?.refreshed).toMatchObject({ statistics: 'grams', candidates: 2 });
    expect(report.search?.accepted).toBeGreaterThan(0);
    const card = await readFile(join(bench.out, 'README.md'), 'utf8');
    expect(card).toMatch(
      /\| Statistics gathered anew \| grams: for each of 2 candidates, and \d changed models? of the/,
    );
    expect(card).toContain('refresh grams');
    const manifest = parseManifest(await readFile(join(bench.out, MANIFEST_FILE), 'utf8'), bench.out);
    const changed = new Set((await genealogy()).steps.map(({ individual }) => individual));
    for (const [index, { refreshed, sha256, calibration }] of (manifest.statistics ?? []).entries()) {
      expect(refreshed).toBe(changed.has(index) ? true : undefined);
      expect(calibration).toMatchObject({ path: `${DOMAINS[index]}/dev.jsonl`, revision: expect.any(String) });
      expect(card).toContain(sha256);
    }
  });

  test(
    'merges what evolved by the moments of what evolved: the same by hand',
    async () => {
      const found = await genealogy();
      const hand = await Bench.open(hub, 'by-hand');
      const folder = join(bench.folder, 'by-hand');
      const models = await Promise.all(
        DOMAINS.map(async (name, individual) => {
          const place = join(folder, name);
          await cp(join(EXAMPLES, name), place, { recursive: true });
          const evolved = join(folder, `evolved-${name}`);
          await mkdir(evolved, { recursive: true });
          const originals = DOMAINS.map((domain) => join(EXAMPLES, domain));
          const evaluate = { task: 'text-classification', datasets: [{ name, dev: 'unread.jsonl' }] };
          const common = { merge_method: 'evolver', out_dtype: 'float32', evolve: { mode: 'blend' }, evaluate };
          const text = JSON.stringify({ ...common, models: originals });
          await mergeRecipe({ text, out: evolved, genealogy: { ...found, individual }, registry: hand.registry });
          if (found.steps.some((step) => step.individual === individual)) {
            await cp(join(evolved, 'model.safetensors'), join(place, 'model.safetensors'));
          }
          const data = join(EXAMPLES, `data/${name}.dev.jsonl`);
          const argv = ['stats', place, '--data', data, '--split', ROWS, '--out', join(folder, `${name}.safetensors`)];
          const result = await hubfuse(argv, { directory: folder, variables: hub.variables });
          expect(result.code, result.stderr).toBe(0);
          return { model: place, statistics: join(folder, `${name}.safetensors`) };
        }),
      );
      await hand.run(JSON.stringify({ merge_method: 'regmean', models, out_dtype: 'bfloat16' }));
      expect((await weights(hand)).equals(await weights(bench))).toBe(true);
    },
    MINUTES * 60_000,
  );

  test(
    'is another search than one by the moments of the originals',
    async () => {
      const plain = await Bench.open(hub, 'original-statistics');
      await plain.run(recipe(''));
      expect((await weights(plain)).equals(await weights(bench))).toBe(false);
    },
    MINUTES * 60_000,
  );

  test(
    'stopped after a decision, continued with more workers and less memory, it finds the same bytes',
    async () => {
      const other = await Bench.open(hub, 'refreshed-stopped');
      const id = await other.create(recipe('refresh: grams'));
      const stop = new AbortController();
      const onEvent = (event: RunEvent) => {
        if (event.type === 'search' && event.search.type === 'candidate' && event.search.record.number === 0)
          stop.abort();
      };
      await expect(other.execute(id, { signal: stop.signal, onEvent })).rejects.toMatchObject({
        code: 'run/cancelled',
      });
      await other.execute(id, { workers: 3, memory: 900 * 2 ** 20 });
      expect((await weights(other)).equals(await weights(bench))).toBe(true);
    },
    MINUTES * 60_000,
  );

  test(
    'is built again from its decisions, with what evolved measured again',
    async () => {
      const again = await reproduce({
        reference: { kind: 'folder', path: bench.out, reference: bench.out },
        ...{ registry: bench.registry, hub: bench.hubOptions, workspace: join(bench.folder, 'again'), workers: 2 },
      });
      expect(again.same).toBe(true);
    },
    MINUTES * 60_000,
  );
});

test('a plan says what gathering anew takes', async () => {
  const bench = await Bench.open(hub, 'refresh-planned');
  const plan = await makePlan({
    spec: { recipe: bench.parse(recipe('refresh: grams')), options: { workingDirectory: bench.folder } },
    ...{ hub: bench.hubOptions, registry: bench.registry },
  });
  expect(plan.search?.refresh).toEqual({
    gatherings: 2 + 2,
    seconds: expect.any(Number),
    diskBytes: expect.any(Number),
  });
  expect(plan.statistics?.[1]?.refresh?.data).toMatchObject({ repo: 'hubfuse-examples/clinc150' });
});
