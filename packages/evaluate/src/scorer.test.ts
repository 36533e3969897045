import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { registerArchitectures } from '@hubfuse/graphs';
import { Registry } from '@hubfuse/plugin';
import { readSafetensors, writeSafetensors } from '@hubfuse/tensors';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { datasetOf, LABELS, logits, sentence, TAGS, tinyTexts } from '../test/tiny-datasets.ts';
import { writeTinyModel } from '../test/tiny-model.ts';
import type { Dataset } from './dataset.ts';
import { registerEvaluation } from './register.ts';
import { openScorer, score } from './scorer.ts';
import type { ScoreProgress, Scorer } from './scorer-types.ts';

const registry = new Registry();
let root: string;
let texts: Dataset;
let words: Dataset;
let first: string;
let second: string;
let tagger: string;
/** One worker for every test that is not about workers: a thread takes most of a second to start. */
let alone: Scorer;

beforeAll(async () => {
  await registerArchitectures(registry);
  await registerEvaluation(registry);
  alone = openScorer({ registry, workers: 1 });
  root = await mkdtemp(join(tmpdir(), 'scorer-'));
  const className = 'BertForSequenceClassification';
  first = await writeTinyModel({ folder: join(root, 'first'), className, labels: LABELS, seed: 1 });
  second = await writeTinyModel({ folder: join(root, 'second'), className, labels: LABELS, seed: 2 });
  tagger = await writeTinyModel({
    folder: join(root, 'tagger'),
    className: 'BertForTokenClassification',
    labels: TAGS,
    seed: 3,
  });
  texts = await tinyTexts(registry);
  words = await datasetOf({
    ...{ registry, name: 'words', task: 'token-classification', count: 60 },
    row: (index) => ({
      tokens: [...sentence(index), '\ufe0f'],
      tags: [...sentence(index).map((_, place) => TAGS[place % 3]), 'B-PER'],
    }),
  });
});
afterAll(async () => {
  await alone.close();
  await rm(root, { recursive: true, force: true });
});

test('any number of workers gives the same bits', async () => {
  const options = {
    model: { folder: first },
    task: 'text-classification',
    datasets: [texts],
    keepLogits: true,
  };
  const one = await alone.score(options);
  const three = await score({ ...options, registry, workers: 3 });
  expect(logits(one, 'texts')).toHaveLength(120 * 3);
  expect(logits(three, 'texts')).toEqual(logits(one, 'texts'));
  expect(three.datasets.texts?.score).toBe(one.datasets.texts?.score);
});

test('a limit of memory lowers the number of workers, never the bits', async () => {
  const options = {
    model: { folder: first },
    task: 'text-classification',
    datasets: [texts],
    keepLogits: true,
  };
  const tight = await score({ ...options, registry, workers: 3, memory: 1 });
  expect(logits(tight, 'texts')).toEqual(logits(await alone.score(options), 'texts'));
});

test('batches and padding do not change what an example is answered', async () => {
  const options = {
    model: { folder: first },
    task: 'text-classification',
    datasets: [texts],
    keepLogits: true,
  };
  const single = logits(await alone.score({ ...options, batchTokens: 1 }), 'texts');
  const together = logits(await alone.score({ ...options, batchTokens: 4096 }), 'texts');
  const largest = Math.max(...single.map((value, index) => Math.abs(value - (together[index] ?? Number.NaN))));
  expect(largest).toBeLessThan(1e-5);
});

test('a word without tokens counts as outside, and predictions have one tag per word', async () => {
  const scores = await alone.score({
    model: { folder: tagger },
    task: 'token-classification',
    datasets: [words],
    keepExamples: true,
  });
  expect(scores.metric).toBe('f1');
  for (const { prediction, reference } of scores.datasets.words?.perExample ?? []) {
    expect(prediction).toHaveLength(reference.length);
    expect(prediction.at(-1)).toBe('O');
  }
});

test('scores hold the mean in the domain, the mean outside, and where they were computed', async () => {
  const half = { ...texts, name: 'half', examples: texts.examples.slice(0, 60) };
  const away = { ...texts, name: 'away', examples: texts.examples.slice(60), domain: 'out' as const };
  const scores = await alone.score({
    model: { folder: first },
    task: 'text-classification',
    datasets: [texts, half, away],
  });
  const of = (name: string): number => scores.datasets[name]?.score ?? Number.NaN;
  expect(scores.mean).toBe((of('texts') + of('half')) / 2);
  expect(scores.outOfDomainMean).toBe(of('away'));
  expect(scores.datasets.away?.examples).toBe(60);
  expect(scores.datasets.away?.perExample).toBeUndefined();
  expect(scores.environment).toMatchObject({ provider: 'cpu', onnxruntime: '1.30.0' });
});

test('weights may lie apart from config and tokenizer', async () => {
  const weights = await mkdtemp(join(root, 'weights-'));
  await writeTinyModel({ folder: weights, className: 'BertForSequenceClassification', labels: LABELS, seed: 2 });
  for (const name of ['config.json', 'tokenizer.json', 'tokenizer_config.json']) await rm(join(weights, name));
  const options = { task: 'text-classification', datasets: [texts], keepLogits: true };
  const apart = await alone.score({ ...options, model: { family: first, weights } });
  expect(logits(apart, 'texts')).toEqual(logits(await alone.score({ ...options, model: { folder: second } }), 'texts'));
});

test('a merge with several heads answers each dataset with the head that knows its labels, or that the dataset names', async () => {
  const other = await writeTinyModel({
    folder: join(root, 'other'),
    className: 'BertForSequenceClassification',
    labels: ['cat', 'dog'],
    seed: 1,
  });
  const merged = await mkdtemp(join(root, 'merged-'));
  for (const name of ['config.json', 'tokenizer.json', 'tokenizer_config.json']) {
    await copyFile(join(first, name), join(merged, name));
  }
  await mkdir(join(merged, 'heads'));
  for (const [folder, head, labels] of [
    [first, 'colours', LABELS],
    [other, 'animals', ['cat', 'dog']],
  ] as const) {
    const { tensors } = await readSafetensors(join(folder, 'model.safetensors'));
    const isHead = (name: string): boolean => name.startsWith('classifier.');
    await writeSafetensors(join(merged, 'model.safetensors'), new Map([...tensors].filter(([name]) => !isHead(name))));
    await writeSafetensors(
      join(merged, 'heads', `${head}.safetensors`),
      new Map([...tensors].filter(([name]) => isHead(name))),
      { class: 'BertForSequenceClassification', labels: JSON.stringify(labels), model: `zoo/${head}` },
    );
  }
  const animals = await datasetOf({
    ...{ registry, name: 'animals', task: 'text-classification', count: 6 },
    row: (index) => ({
      text: 'pay my account',
      label: index % 2 === 0 ? 'cat' : 'dog',
    }),
  });
  const options = { task: 'text-classification', keepLogits: true };
  const scores = await alone.score({ ...options, model: { folder: merged }, datasets: [texts, animals] });
  expect(scores.datasets.texts?.head).toBe('colours');
  expect(scores.datasets.animals?.head).toBe('animals');
  // Equal seeds draw equal trunks, so each head must answer as its own model does.
  const single = await alone.score({ ...options, model: { folder: first }, datasets: [texts] });
  expect(logits(scores, 'texts')).toEqual(logits(single, 'texts'));

  const named = { ...animals, head: 'zoo/animals' };
  expect((await alone.score({ ...options, model: { folder: merged }, datasets: [named] })).datasets.animals?.head).toBe(
    'animals',
  );
  await expect(
    alone.score({ ...options, model: { folder: merged }, datasets: [{ ...animals, head: 'plants' }] }),
  ).rejects.toThrow(/there is no head "plants" for "animals"\n.*colours/);
  const odd = await datasetOf({
    ...{ registry, name: 'odd', task: 'text-classification', count: 1 },
    row: () => ({ text: 'pay', label: 'violet' }),
  });
  await expect(alone.score({ ...options, model: { folder: merged }, datasets: [odd] })).rejects.toThrow(
    'no head knows all labels of "odd"',
  );
});

test('a dataset is tokenised once for the models of a family, and progress reaches the total', async () => {
  const progress: ScoreProgress[] = [];
  const onProgress = (step: ScoreProgress): number => progress.push(step);
  const scorer = openScorer({ registry, workers: 2 });
  try {
    const options = { task: 'text-classification', datasets: [texts], onProgress };
    await scorer.score({ ...options, model: { folder: first } });
    expect(progress.filter(({ phase }) => phase === 'tokenize').at(-1)?.done).toBe(120);
    expect(progress.at(-1)).toEqual({ phase: 'score', dataset: 'texts', done: 120, total: 120 });
    progress.length = 0;
    await scorer.score({ ...options, model: { folder: second } });
    expect(progress.filter(({ phase }) => phase === 'tokenize')).toEqual([]);
  } finally {
    await scorer.close();
  }
});

test('an abort ends the scoring with its reason once no thread computes any more, and the scorer can be used again', async () => {
  let ended = 0;
  const terminate = Worker.prototype.terminate;
  const { postMessage } = Worker.prototype;
  /** Requests that have not been answered: the thread is in the middle of them. */
  const open = new Map<Worker, number>();
  const posts = vi.spyOn(Worker.prototype, 'postMessage').mockImplementation(function (this: Worker, value) {
    if (!open.has(this)) this.on('message', () => open.set(this, (open.get(this) ?? 0) - 1));
    open.set(this, (open.get(this) ?? 0) + 1);
    postMessage.call(this, value);
  });
  const spy = vi.spyOn(Worker.prototype, 'terminate').mockImplementation(async function (this: Worker) {
    expect(open.get(this) ?? 0).toBe(0);
    const code = await terminate.call(this);
    ended++;
    return code;
  });
  const scorer = openScorer({ registry, workers: 2 });
  try {
    const controller = new AbortController();
    const options = { model: { folder: first }, task: 'text-classification', datasets: [texts], batchTokens: 8 };
    const onProgress = ({ phase }: ScoreProgress): void => {
      if (phase === 'score') controller.abort(new Error('stop here'));
    };
    await expect(scorer.score({ ...options, signal: controller.signal, onProgress })).rejects.toThrow('stop here');
    expect(ended).toBe(spy.mock.calls.length);
    expect(ended).toBeGreaterThan(0);
    await expect(scorer.score({ ...options, signal: controller.signal })).rejects.toThrow('stop here');
    expect((await scorer.score(options)).datasets.texts?.examples).toBe(120);
  } finally {
    spy.mockRestore();
    posts.mockRestore();
    await scorer.close();
  }
});

test('a worker that does not answer in time is ended, with an error that says so', async () => {
  await expect(
    score({
      registry,
      model: { folder: first },
      task: 'text-classification',
      datasets: [texts],
      workers: 1,
      timeout: 0.001,
    }),
  ).rejects.toMatchObject({ code: 'evaluate/timeout' });
});

test('labels that the model does not know count as wrong and are reported', async () => {
  const odd = await datasetOf({
    ...{ registry, name: 'odd', task: 'text-classification', count: 4 },
    row: (index) => ({
      text: 'pay now',
      label: index < 2 ? 'violet' : 'red',
    }),
  });
  const scores = await alone.score({
    model: { folder: first },
    task: 'text-classification',
    datasets: [odd],
  });
  expect(scores.datasets.odd?.unknownLabels).toEqual({ violet: 2 });
  expect(scores.datasets.odd?.score).toBeLessThanOrEqual(0.5);
  expect(scores.warnings).toEqual([expect.stringContaining('2 of 4 labels are unknown')]);
});

test('examples that are cut are reported', async () => {
  const long = await datasetOf({
    ...{ registry, name: 'long', task: 'text-classification', count: 2 },
    row: (index) => ({
      text: 'pay '.repeat(index * 60 + 1),
      label: 'red',
    }),
  });
  const scores = await alone.score({
    model: { folder: first },
    task: 'text-classification',
    datasets: [long],
  });
  expect(scores.datasets.long?.cut).toBe(1);
  expect(scores.warnings).toEqual(['long: 1 of 2 examples were cut to 48 tokens']);
});

test('a model or a request that cannot be scored is refused with what is wrong', async () => {
  const scorer = openScorer({ registry });
  const options = { model: { folder: first }, task: 'text-classification', datasets: [texts] };
  try {
    await expect(scorer.score({ ...options, model: { folder: tagger } })).rejects.toThrow(
      /ForSequenceClassification.*BertForTokenClassification/,
    );
    await expect(scorer.score({ ...options, model: { folder: join(root, 'none') } })).rejects.toThrow(
      /none\/config\.json: the file cannot be read/,
    );
    await expect(scorer.score({ ...options, metric: 'f1' })).rejects.toThrow(
      'the metric f1 is not for text-classification',
    );
    await expect(scorer.score({ ...options, datasets: [] })).rejects.toThrow('no datasets');
    await expect(scorer.score({ ...options, datasets: [texts, texts] })).rejects.toThrow(
      'two datasets are named "texts"',
    );
    await expect(scorer.score({ ...options, datasets: [words] })).rejects.toThrow('read for token-classification');
    await expect(scorer.score({ ...options, datasets: [{ ...texts, domain: 'out' }] })).rejects.toThrow('no mean');
    const bad = await writeTinyModel({
      folder: join(root, 'bad'),
      className: 'BertForSequenceClassification',
      labels: LABELS,
      seed: 4,
      poison: Number.NaN,
    });
    await expect(scorer.score({ ...options, model: { folder: bad } })).rejects.toMatchObject({
      code: 'evaluate/not-finite',
    });
    const small = await writeTinyModel({
      folder: join(root, 'small'),
      className: 'BertForSequenceClassification',
      labels: LABELS,
      seed: 4,
      vocabulary: 5,
    });
    await expect(scorer.score({ ...options, model: { folder: small } })).rejects.toThrow(
      /small: the model fails on some examples: .*\n.*tokenizer and weights belong together/s,
    );
    await rm(join(bad, 'tokenizer.json'));
    await expect(scorer.score({ ...options, model: { folder: bad } })).rejects.toThrow(
      'tokenizer.json: the tokenizer file cannot be read',
    );
    await writeFile(join(bad, 'config.json'), '{');
    await expect(scorer.score({ ...options, model: { folder: bad } })).rejects.toThrow(
      /bad\/config\.json: the file cannot be read/,
    );
  } finally {
    await scorer.close();
  }
  expect(() => openScorer({ registry, workers: 0 })).toThrow('positive integer');
});
