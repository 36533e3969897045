import { cp, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ExampleHub, startExampleHub } from '../support/example-hub.ts';
import { Bench } from './harness.ts';

const ZOO = fileURLToPath(new URL('../../examples/intents-tiny/', import.meta.url));
const EXAMPLES = 12;

let hub: ExampleHub;
beforeAll(async () => {
  hub = await startExampleHub();
});
afterAll(() => hub.close());

/** A specialist whose labels are its own, and data that carry them. */
async function ownLabels(bench: Bench, domain: string): Promise<void> {
  const folder = join(bench.folder, domain);
  await cp(join(ZOO, domain), folder, { recursive: true });
  const config = JSON.parse(await readFile(join(folder, 'config.json'), 'utf8'));
  const labels = Object.entries(config.id2label as Record<string, string>).map(
    ([id, label]) => [id, `${domain}: ${label}`] as const,
  );
  config.id2label = Object.fromEntries(labels);
  config.label2id = Object.fromEntries(labels.map(([id, label]) => [label, Number(id)]));
  await writeFile(join(folder, 'config.json'), JSON.stringify(config));
  const rows = (await readFile(join(ZOO, 'data', `${domain}.dev.jsonl`), 'utf8')).split('\n').slice(0, EXAMPLES);
  const own = rows.map((row) => {
    const { text, label } = JSON.parse(row) as { text: string; label: string };
    return JSON.stringify({ text, label: `${domain}: ${label}` });
  });
  await bench.write({ [`${domain}.jsonl`]: `${own.join('\n')}\n` });
}

test('models with labels of their own keep their heads, and each dataset is answered by the head that knows it', async () => {
  const bench = await Bench.open(hub, 'heads');
  for (const domain of ['money', 'home']) await ownLabels(bench, domain);
  const report = await bench.run(`name: heads
merge_method: task_arithmetic
base_model: hubfuse-examples/intents-base
models: [./money, ./home]
parameters: {lambda: 0.5}
evaluate:
  task: text-classification
  datasets:
    - {name: money, dev: money.jsonl}
    - {name: home, dev: home.jsonl, head: home}
`);
  expect((await readdir(join(bench.out, 'heads'))).sort()).toEqual(['home.safetensors', 'money.safetensors']);
  const [merged, money, home, ...others] = report.scores?.rows ?? [];
  expect(merged?.dev?.datasets.money).toBeGreaterThan(0.5);
  expect(merged?.dev?.datasets.home).toBeGreaterThan(0.5);
  // A parent that knows no label of a dataset is wrong on all of it.
  expect([money?.dev?.datasets.home, home?.dev?.datasets.money]).toEqual([0, 0]);
  expect(money?.dev?.mean).toBe((money?.dev?.datasets.money ?? 0) / 2);
  // The base knows neither label set; the ensemble answers each label by the parent that knows it.
  expect(others.map(({ name }) => name)).toEqual(['ensemble']);
  expect(others[0]?.dev?.datasets.money).toBeGreaterThan(0.5);
  expect(others[0]?.dev?.datasets.home).toBeGreaterThan(0.5);
  expect(report.warnings).toEqual(
    expect.arrayContaining([
      expect.stringContaining('./money knows no label of "home"'),
      expect.stringMatching(/^base hubfuse-examples\/intents-base has no scores/),
    ]),
  );
});
