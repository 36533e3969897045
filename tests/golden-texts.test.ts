import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Dataset, registerEvaluation, score } from '@hubfuse/evaluate';
import { registerArchitectures } from '@hubfuse/graphs';
import { Registry } from '@hubfuse/plugin';
import { expect, test } from 'vitest';
import { environment } from './environment.ts';

/** Largest difference of a logit from PyTorch's. */
const TOLERANCE = 1e-4;

interface ExamplesFile {
  task: string;
  examples: { text: string; text_pair?: string; logits: number[] }[];
}

const golden = environment.golden ?? join(import.meta.dirname, 'golden');
const root = join(golden, 'architectures');
const folders = existsSync(root) ? readdirSync(root).map((name) => join(root, name)) : [];
const withTexts = folders.filter((folder) => existsSync(join(folder, 'examples.json')));
if (withTexts.length === 0) test.skip(`golden texts are absent: no examples.json below ${root}`, () => {});

for (const folder of withTexts) {
  const name = folder.split('/').at(-1);
  const { task, examples } = JSON.parse(readFileSync(join(folder, 'examples.json'), 'utf8')) as ExamplesFile;
  if (task !== 'sequence-classification') {
    test.skip(`${name}: pending, no task ${task}`, () => {});
    continue;
  }
  test(`${name}: texts and pairs get the logits that Python's tokenizer and PyTorch give them`, async () => {
    const registry = new Registry();
    await registerArchitectures(registry);
    await registerEvaluation(registry);
    const dataset: Dataset = {
      name: 'texts',
      task: 'text-classification',
      where: join(folder, 'examples.json'),
      examples: examples.map(({ text, text_pair: pair }) => ({
        input: pair === undefined ? { text } : { text, pair },
        labels: [0],
      })),
      domain: 'in',
    };
    const scores = await score({
      registry,
      model: { folder },
      task: dataset.task,
      datasets: [dataset],
      workers: 1,
      keepLogits: true,
    });
    const results = scores.datasets.texts?.perExample ?? [];
    expect(results).toHaveLength(examples.length);
    for (const [index, { text, logits }] of examples.entries()) {
      const differences = logits.map((logit, label) =>
        Math.abs(logit - (results[index]?.logits?.[label] ?? Number.NaN)),
      );
      expect(Math.max(...differences), text).toBeLessThanOrEqual(TOLERANCE);
    }
  });
}
