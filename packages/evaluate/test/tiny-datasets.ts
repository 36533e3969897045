import type { Registry } from '@hubfuse/plugin';
import { type Dataset, loadDataset } from '../src/dataset.ts';
import type { Scores } from '../src/scores.ts';

export const LABELS = ['red', 'green', 'blue'];
export const TAGS = ['O', 'B-PER', 'I-PER'];

/** 1 to `longest` words that the tiny models' tokenizer knows, others for every index. */
export function sentence(index: number, longest = 17): string[] {
  return Array.from(
    { length: 1 + (index % longest) },
    (_, place) => ['pay', 'my', 'account', 'savings', 'now'][(index * 3 + place * place) % 5] ?? '',
  );
}

/** A dataset of `count` rows in JSON lines. */
export function datasetOf(options: {
  registry: Registry;
  name: string;
  task: string;
  count: number;
  row: (index: number) => object;
}): Promise<Dataset> {
  const { registry, name, task, count, row } = options;
  const lines = Array.from({ length: count }, (_, index) => JSON.stringify(row(index))).join('\n');
  return loadDataset({
    name,
    task,
    registry,
    source: { name: `${name}.jsonl`, bytes: new TextEncoder().encode(lines) },
  });
}

/** 120 short texts with one of three labels. */
export function tinyTexts(registry: Registry): Promise<Dataset> {
  return datasetOf({
    ...{ registry, name: 'texts', task: 'text-classification', count: 120 },
    row: (index) => ({ text: sentence(index).join(' '), label: LABELS[index % 3] }),
  });
}

/** All logits of a dataset, example by example. */
export function logits(scores: Scores, name: string): number[] {
  return scores.datasets[name]?.perExample?.flatMap((example) => [...(example.logits ?? [])]) ?? [];
}
