import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MANIFEST_FILE, type Manifest, parseManifest } from '@hubfuse/hub';
import { makePlan, reproduce } from '@hubfuse/runs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ExampleHub, startExampleHub } from '../support/example-hub.ts';
import { hubfuse } from '../support/hubfuse.ts';
import { Bench } from './harness.ts';

// The way of statistics through a run: gathered, published, found, checked.

const DOMAINS = ['money', 'home'];
const ROWS = '[:150]';
const MODELS = DOMAINS.map((name) => `hubfuse-examples/intents-${name}`);
const CALIBRATED = `name: fused
merge_method: regmean
models:
${DOMAINS.map(
  (name) => `  - model: hubfuse-examples/intents-${name}
    calibration: {data: ${name}/dev.jsonl, from: hubfuse-examples/clinc150, split: "${ROWS}"}`,
).join('\n')}
`;
const BARE = `name: fused\nmerge_method: regmean\nmodels: [${MODELS.join(', ')}]\n`;

let hub: ExampleHub;
beforeAll(async () => {
  hub = await startExampleHub();
});
afterAll(() => hub.close());

const weights = (bench: Bench): Promise<Buffer> => readFile(join(bench.out, 'model.safetensors'));
const manifest = async (bench: Bench): Promise<Manifest> =>
  parseManifest(await readFile(join(bench.out, MANIFEST_FILE), 'utf8'), bench.out);

test('a recipe without statistics and without data is refused with the command that makes them', async () => {
  const bench = await Bench.open(hub, 'refused');
  const running = bench.run(BARE);
  await expect(running).rejects.toMatchObject({ code: 'merge/statistics-missing' });
  await expect(running).rejects.toThrow(
    'hubfuse stats hubfuse-examples/intents-money --data <dataset> --kind gram --padding mask',
  );
});

test('data of too few rows is refused where the recipe limits them, and again when it is tried again', async () => {
  const bench = await Bench.open(hub, 'few');
  const refused = {
    ...{ code: 'statistics/too-few-rows', where: 'models[0].calibration.limit' },
    hint: expect.stringContaining('raise models[0].calibration.limit above 2'),
  };
  const recipe = CALIBRATED.replaceAll(`split: "${ROWS}"`, 'limit: 2');
  await expect(bench.run(recipe)).rejects.toMatchObject(refused);
  await expect(bench.execute(await bench.create(recipe, { fresh: true }))).rejects.toMatchObject(refused);
}, 60_000);

test('a plan says beforehand what gathering takes', async () => {
  const bench = await Bench.open(hub, 'planned');
  const recipe = bench.parse(CALIBRATED);
  const plan = await makePlan({
    spec: { recipe, options: { workingDirectory: bench.folder } },
    hub: bench.hubOptions,
    registry: bench.registry,
  });
  expect(plan.phases.slice(0, 3)).toEqual(['fetch', 'gather', 'merge']);
  expect(plan.statistics).toHaveLength(2);
  expect(plan.statistics?.[0]?.gather).toMatchObject({
    ...{ passes: 1, task: 'text-classification', fileBytes: expect.any(Number), seconds: expect.any(Number) },
    ...{ data: { kind: 'hub', repo: 'hubfuse-examples/clinc150', path: 'money/dev.jsonl' }, isUpperBound: true },
  });
});

test('a plan counts the local examples that a recipe selects, and warns of too few', async () => {
  const bench = await Bench.open(hub, 'counted');
  const data = join(import.meta.dirname, '../../examples/intents-tiny/data/money.dev.jsonl');
  const ONE = ', limit: 1';
  const tokens = async (selection: string) => {
    const calibration = `calibration: {data: ${JSON.stringify(data)}${selection}}\n`;
    const spec = { recipe: bench.parse(BARE + calibration), options: { workingDirectory: bench.folder } };
    const { statistics, warnings } = await makePlan({ spec, hub: bench.hubOptions, registry: bench.registry });
    expect(warnings.some(({ code }) => code === 'statistics/few-rows')).toBe(selection === ONE);
    expect(statistics?.[0]?.gather).not.toHaveProperty('isUpperBound');
    return statistics?.[0]?.gather?.tokens ?? 0;
  };
  const all = await tokens('');
  expect(await tokens(', limit: 10')).toBeLessThan(all / 10);
  expect(await tokens(', split: "[:10%]"')).toBeLessThan(all / 5);
  expect(await tokens(ONE)).toBeGreaterThan(0);
});

test('statistics are gathered where data is given, published, found by the next merge, and every way gives the same bytes', async () => {
  const one = await Bench.open(hub, 'one');
  await one.run(CALIBRATED, { workers: 1 });
  const two = await Bench.open(hub, 'two');
  await two.run(CALIBRATED, { workers: 2 });
  const bytes = await weights(one);
  expect(bytes.equals(await weights(two))).toBe(true);
  const gathered = await manifest(one);
  expect(gathered.statistics).toMatchObject(
    MODELS.map((model, index) => ({
      ...{ model, kind: 'gram', variant: 'mask', examples: 150 },
      dataset: `hubfuse-examples/clinc150/${DOMAINS[index]}/dev.jsonl`,
    })),
  );

  for (const [index, model] of MODELS.entries()) {
    const data = `hf://datasets/hubfuse-examples/clinc150/${DOMAINS[index]}/dev.jsonl`;
    const argv = [
      'stats',
      model,
      '--data',
      `${DOMAINS[index]}=${data}`,
      '--split',
      ROWS,
      '--publish',
      '--workers',
      '8',
    ];
    const result = await hubfuse(argv, { directory: hub.work, variables: { ...hub.variables, HF_TOKEN: 'hf_owner' } });
    expect(result.code, result.stderr).toBe(0);
  }
  const found = await Bench.open(hub, 'found');
  await found.run(BARE);
  expect(bytes.equals(await weights(found))).toBe(true);
  const used = (await manifest(found)).statistics ?? [];
  expect(used).toMatchObject(
    MODELS.map((model, index) => ({
      ...{ model, source: model, file: `hubfuse/gram-mask-${DOMAINS[index]}.safetensors`, examples: 150 },
      revision: expect.stringMatching(/^[0-9a-f]{40}$/),
    })),
  );
  const card = await readFile(join(found.out, 'README.md'), 'utf8');
  for (const { sha256 } of used) expect(card).toContain(sha256);

  const again = await reproduce({
    ...{ registry: found.registry, hub: found.hubOptions, workspace: join(found.folder, 'again') },
    reference: { kind: 'folder', path: found.out, reference: found.out },
  });
  expect(again.same).toBe(true);
}, 180_000);

test('a file that the recipe names is refused where it is of other weights, and taken where it is of these', async () => {
  const bench = await Bench.open(hub, 'named');
  const zoo = join(import.meta.dirname, '../../examples/intents-tiny');
  for (const name of DOMAINS) {
    await cp(join(zoo, name), join(bench.folder, name), { recursive: true });
    const data = join(zoo, `data/${name}.dev.jsonl`);
    const argv = ['stats', `./${name}`, '--data', data, '--limit', '150', '--out', `${name}.safetensors`];
    const result = await hubfuse(argv, { directory: bench.folder, variables: hub.variables });
    expect(result.code, result.stderr).toBe(0);
  }
  const recipe = (first: string, second: string) => `merge_method: regmean
models:
  - {model: ./money, statistics: ${first}.safetensors}
  - {model: ./home, statistics: ${second}.safetensors}
`;
  await expect(bench.run(recipe('home', 'money'))).rejects.toMatchObject({ code: 'statistics/other-weights' });
  await expect(bench.run(recipe('money', 'absent'))).rejects.toMatchObject({ code: 'statistics/no-file' });
  await bench.run(recipe('money', 'home'));
  expect((await manifest(bench)).statistics).toMatchObject([
    { file: 'money.safetensors' },
    { file: 'home.safetensors' },
  ]);

  // Values are looked at before they are merged.
  const file = join(bench.folder, 'home.safetensors');
  const damaged = await readFile(file);
  damaged.writeFloatLE(Number.NaN, damaged.length - 4);
  await writeFile(file, damaged);
  const fresh = bench.execute(await bench.create(recipe('money', 'home'), { fresh: true }));
  await expect(fresh).rejects.toMatchObject({ code: 'statistics/value' });
}, 120_000);

test.each([
  ['coefficients', 'search: {over: [alpha], evaluations: 4}'],
  ['evolution', 'evolve: {generations: 1, mode: blend}'],
])(
  'a search of %s around a method that reads statistics is found again',
  async (kind, block) => {
    const bench = await Bench.open(hub, kind);
    const evaluate = DOMAINS.map(
      (name) => `{name: ${name}, from: hubfuse-examples/clinc150, dev: ${name}/dev.jsonl, split: "[150:180]"}`,
    );
    const report = await bench.run(`${CALIBRATED}evaluate:
  task: text-classification
  datasets: [${evaluate.join(', ')}]
${block}
`);
    expect(report.search?.kind).toBe(kind);
    const again = await reproduce({
      ...{ registry: bench.registry, hub: bench.hubOptions, workspace: join(bench.folder, 'again') },
      reference: { kind: 'folder', path: bench.out, reference: bench.out },
    });
    expect(again.same).toBe(true);
  },
  120_000,
);
