import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { registerArchitectures } from '@hubfuse/graphs';
import { Registry } from '@hubfuse/plugin';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { LABELS, logits, tinyTexts } from '../test/tiny-datasets.ts';
import { writeTinyModel } from '../test/tiny-model.ts';
import type { Dataset } from './dataset.ts';
import { registerEvaluation } from './register.ts';
import { openScorer } from './scorer.ts';
import type { Scorer } from './scorer-types.ts';
import type { Scores } from './scores.ts';

const registry = new Registry();
let root: string;
let texts: Dataset;
let first: string;
let second: string;
/** One worker for all tests: a thread takes most of a second to start. */
let alone: Scorer;

beforeAll(async () => {
  await registerArchitectures(registry);
  await registerEvaluation(registry);
  alone = openScorer({ registry, workers: 1 });
  root = await mkdtemp(join(tmpdir(), 'ensemble-'));
  const className = 'BertForSequenceClassification';
  first = await writeTinyModel({ folder: join(root, 'first'), className, labels: LABELS, seed: 1 });
  second = await writeTinyModel({ folder: join(root, 'second'), className, labels: LABELS, seed: 2 });
  texts = await tinyTexts(registry);
});
afterAll(async () => {
  await alone.close();
  await rm(root, { recursive: true, force: true });
});

test('an ensemble answers with the mean of the raw logits, whatever the order of labels', async () => {
  const permuted = await writeTinyModel({
    folder: join(root, 'permuted'),
    className: 'BertForSequenceClassification',
    labels: ['blue', 'red', 'green'],
    seed: 2,
  });
  const scorer = openScorer({ registry });
  try {
    const options = { task: 'text-classification', datasets: [texts], keepLogits: true };
    const a = logits(await scorer.score({ ...options, model: { folder: first } }), 'texts');
    const b = logits(await scorer.score({ ...options, model: { folder: second } }), 'texts');
    const same = await scorer.score({ ...options, model: { ensemble: [{ folder: first }, { folder: second }] } });
    const other = await scorer.score({ ...options, model: { ensemble: [{ folder: first }, { folder: permuted }] } });
    expect(logits(same, 'texts')).toEqual(a.map((value, index) => Math.fround((value + (b[index] ?? 0)) / 2)));
    // The permuted model says "red" with its second logit, "green" with its third, "blue" with its first.
    const reordered = b.map((_, index) => b[index - (index % 3) + (((index % 3) + 1) % 3)] ?? 0);
    expect(logits(other, 'texts')).toEqual(a.map((value, index) => Math.fround((value + (reordered[index] ?? 0)) / 2)));
  } finally {
    await scorer.close();
  }
});

test('an ensemble of models that know other labels answers each label by those that know it', async () => {
  const other = await writeTinyModel({
    folder: join(root, 'other-labels'),
    className: 'BertForSequenceClassification',
    labels: ['violet', 'red'],
    seed: 3,
  });
  const options = { task: 'text-classification', datasets: [texts], keepLogits: true };
  const a = logits(await alone.score({ ...options, model: { folder: first } }), 'texts');
  const b = logits(await alone.score({ ...options, model: { folder: other } }), 'texts');
  const together = await alone.score({ ...options, model: { ensemble: [{ folder: first }, { folder: other }] } });
  const expected = texts.examples.flatMap((_, example) => {
    const [red = 0, green = 0, blue = 0] = a.slice(3 * example, 3 * example + 3);
    const [violet = 0, otherRed = 0] = b.slice(2 * example, 2 * example + 2);
    return [Math.fround((red + otherRed) / 2), green, blue, violet];
  });
  expect(logits(together, 'texts')).toEqual(expected);
});

test('the majority of an ensemble is what most members answer alone; among equals the earliest one decides', async () => {
  const third = await writeTinyModel({
    folder: join(root, 'third-voter'),
    className: 'BertForSequenceClassification',
    labels: ['blue', 'red', 'green'],
    seed: 7,
  });
  const options = { task: 'text-classification', datasets: [texts], keepExamples: true, keepLogits: true };
  const predictions = (scores: Scores | undefined) =>
    scores?.datasets.texts?.perExample?.map(({ prediction }) => prediction) ?? [];
  const majorityOf = async (folders: string[]) => {
    const together = await alone.score({ ...options, model: { ensemble: folders.map((folder) => ({ folder })) } });
    const votes = await Promise.all(folders.map((folder) => alone.score({ ...options, model: { folder } })));
    return { together, votes: votes.map(predictions) };
  };

  const three = await majorityOf([first, second, third]);
  const expected = texts.examples.map((_, example) => {
    const [one, two, last] = three.votes.map((all) => all[example]);
    return two === last ? two : one;
  });
  expect(predictions(three.together.majority)).toEqual(expected);

  const outvoted = await majorityOf([first, second, second]);
  expect(predictions(outvoted.together.majority)).toEqual(outvoted.votes[1]);

  // Of two members that disagree the first decides.
  for (const folders of [
    [first, second],
    [second, first],
  ]) {
    const { together, votes } = await majorityOf(folders);
    expect(votes[0]).not.toEqual(votes[1]);
    expect(predictions(together.majority)).toEqual(votes[0]);
  }
});

test('members that an ensemble scores along answer as each does alone, whatever the order of labels', async () => {
  const permuted = await writeTinyModel({
    folder: join(root, 'permuted-member'),
    className: 'BertForSequenceClassification',
    labels: ['blue', 'red', 'green'],
    seed: 2,
  });
  const options = { task: 'text-classification', datasets: [texts], keepExamples: true };
  const folders = [first, second, permuted];
  const { members } = await alone.score({
    ...options,
    model: { ensemble: folders.map((folder) => ({ folder })) },
    eachMember: true,
  });
  expect(members).toEqual(await Promise.all(folders.map((folder) => alone.score({ ...options, model: { folder } }))));
});

test('a member of an ensemble that alone would be batched otherwise has no scores of its own', async () => {
  const shorter = join(root, 'shorter');
  await cp(second, shorter, { recursive: true });
  await writeFile(join(shorter, 'tokenizer_config.json'), JSON.stringify({ model_max_length: 6 }));
  const { members } = await alone.score({
    task: 'text-classification',
    datasets: [texts],
    model: { ensemble: [{ folder: first }, { folder: shorter }] },
    eachMember: true,
  });
  expect(members?.map((scores) => scores !== undefined)).toEqual([true, false]);
});
