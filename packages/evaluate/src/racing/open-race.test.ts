import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { registerArchitectures } from '@hubfuse/graphs';
import { Registry } from '@hubfuse/plugin';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { datasetOf, LABELS, sentence, TAGS } from '../../test/tiny-datasets.ts';
import { writeTinyModel } from '../../test/tiny-model.ts';
import type { Dataset } from '../dataset.ts';
import { registerEvaluation } from '../register.ts';
import { openRace } from './open-race.ts';
import type { Race, Verdict } from './race-types.ts';
import { RisingBar } from './rising-bar.ts';

const registry = new Registry();
/** Words of the longest example. */
const LONGEST = 11;
let root: string;
const datasets: Dataset[] = [];
const tagged: Dataset[] = [];

beforeAll(async () => {
  await registerArchitectures(registry);
  await registerEvaluation(registry);
  root = await mkdtemp(join(tmpdir(), 'race-'));
  for (const [name, count] of [
    ['north', 90],
    ['south', 40],
  ] as const) {
    datasets.push(
      await datasetOf({
        ...{ registry, name, task: 'text-classification', count: count },
        row: (index) => ({
          text: sentence(index * count, LONGEST).join(' '),
          label: LABELS[(index + count) % 3],
        }),
      }),
    );
    tagged.push(
      await datasetOf({
        ...{ registry, name, task: 'token-classification', count: count / 2 },
        row: (index) => ({
          tokens: sentence(index, LONGEST),
          tags: sentence(index, LONGEST).map((_, place) => TAGS[(place + index) % 3]),
        }),
      }),
    );
  }
});
afterAll(() => rm(root, { recursive: true, force: true }));

async function models(
  className: Parameters<typeof writeTinyModel>[0]['className'],
  labels: string[],
  count: number,
): Promise<{ folder: string }[]> {
  const written: { folder: string }[] = [];
  for (let seed = 1; seed <= count; seed++) {
    written.push({
      folder: await writeTinyModel({ folder: join(root, `${className}-${seed}`), className, labels, seed }),
    });
  }
  return written;
}

function open(options: Partial<Parameters<typeof openRace>[0]> = {}): Race {
  return openRace({ registry, task: 'text-classification', datasets, workers: 1, batchTokens: 64, ...options });
}

describe.each([
  ['text-classification', 'accuracy'],
  ['text-classification', 'macro_f1'],
  ['text-classification', 'micro_f1'],
  ['text-classification', 'exact_match'],
  ['token-classification', 'f1'],
])('%s by %s', (task, metric) => {
  test('racing decides as scoring the same batches in full does, and says how many examples it took', async () => {
    const texts = task === 'text-classification';
    const className = texts ? 'BertForSequenceClassification' : 'BertForTokenClassification';
    const candidates = await models(className, texts ? LABELS : TAGS, 6);
    const race = open({ task, metric, datasets: texts ? datasets : tagged });
    try {
      await race.compose(candidates.slice(0, 2));
      const full = [];
      for (const candidate of candidates) full.push(await race.run(candidate, { full: true }));
      const bars = [...full.map(({ score }) => score ?? 0), 0.2, 0.99];
      let early = 0;
      for (const [index, candidate] of candidates.entries()) {
        for (const bar of bars) {
          const raced = await race.run(candidate, { bar });
          const score = full[index]?.score ?? 0;
          expect(raced.accepted).toBe(score > bar);
          if (raced.score === undefined) {
            early++;
            expect(raced.examples).toBeLessThan(raced.total);
            expect(raced.bound).toBeGreaterThanOrEqual(score);
            expect(raced.bound).toBeLessThanOrEqual(bar);
          } else {
            expect(raced.score).toBe(score);
            expect(raced.datasets).toEqual(full[index]?.datasets);
            expect(raced.examples).toBe(raced.total);
          }
        }
      }
      expect(early).toBeGreaterThan(0);
    } finally {
      await race.close();
    }
  });
});

test('a candidate written over another one in the same folder is scored as it is now', async () => {
  const [first, second] = await models('BertForSequenceClassification', LABELS, 2);
  if (first === undefined || second === undefined) throw new Error('there are no models');
  const place = join(root, 'place');
  const race = open();
  try {
    await race.compose([first]);
    const alone = [await race.run(first), await race.run(second)];
    for (const [index, { folder }] of [first, second, first].entries()) {
      await cp(folder, place, { recursive: true });
      expect(await race.run({ folder: place })).toEqual(alone[index % 2]);
    }
    // A model with other tensors is another graph.
    await rm(place, { recursive: true });
    await writeTinyModel({ folder: place, className: 'BertForTokenClassification', labels: TAGS, seed: 1 });
    await expect(race.run({ folder: place })).rejects.toMatchObject({ code: 'evaluate/no-head' });
  } finally {
    await race.close();
  }
});

test('a verdict may come before the sessions are closed, and who asks for that is told when they are', async () => {
  const candidates = await models('BertForSequenceClassification', LABELS, 3);
  const race = open({ workers: 2 });
  try {
    await race.compose(candidates.slice(0, 1));
    const closed: Promise<void>[] = [];
    for (const [index, candidate] of candidates.entries()) {
      const bar = index === 1 ? 0.9 : undefined;
      const alone = await race.run(candidate, { bar });
      let told = 0;
      const isClosed = new Promise<void>((resolve) => {
        const onClosed = () => {
          told++;
          resolve();
        };
        closed.push(race.run(candidate, { bar, onClosed }).then((verdict) => expect(verdict).toEqual(alone)));
      });
      await Promise.all([isClosed, ...closed]);
      expect(told).toBe(1);
    }
    let told = 0;
    await expect(race.run({ folder: join(root, 'nowhere') }, { onClosed: () => told++ })).rejects.toThrow();
    expect(told).toBe(1);
  } finally {
    await race.close();
  }
});

test('verdicts rest on the same examples for one and for three workers', async () => {
  const candidates = await models('BertForSequenceClassification', LABELS, 4);
  const verdicts = [];
  for (const workers of [1, 3]) {
    const race = open({ workers });
    try {
      const batches = await race.compose(candidates.slice(0, 1));
      const bar = (await race.run(candidates[0] ?? { folder: '' })).score;
      const raced = [];
      for (const candidate of candidates) raced.push(await race.run(candidate, { bar }));
      verdicts.push({ batches, raced });
    } finally {
      await race.close();
    }
  }
  expect(verdicts[1]).toEqual(verdicts[0]);
});

test('candidates side by side have the verdicts that they have one after the other, whatever the bar rises to', async () => {
  const candidates = await models('BertForSequenceClassification', LABELS, 6);
  const alone: Verdict[] = [];
  const race = open();
  const batches = await race.compose(candidates.slice(0, 1));
  let leader = 0.2;
  const bars: number[] = [];
  for (const candidate of candidates) {
    bars.push(leader);
    const verdict = await race.run(candidate, { bar: leader });
    if (verdict.accepted) leader = verdict.score ?? leader;
    alone.push(verdict);
  }
  await race.close();
  // The bar does rise on the way.
  expect(new Set(bars).size).toBeGreaterThan(1);
  for (const workers of [1, 2, 5]) {
    const together = open({ workers });
    try {
      together.use(batches);
      const rising = candidates.map(() => new RisingBar(0.2));
      const running = candidates.map((candidate, index) => together.run(candidate, { bar: rising[index] }));
      for (const [index, bar] of bars.entries()) {
        for (const later of rising.slice(index)) later.raise(bar);
        rising[index]?.settle(bar);
        expect(await running[index], `${workers} workers, candidate ${index}`).toEqual(alone[index]);
      }
    } finally {
      await together.close();
    }
  }
});

test('a candidate that cannot be scored fails alone', async () => {
  const [candidate = { folder: '' }, broken = { folder: '' }] = await models(
    'BertForSequenceClassification',
    LABELS,
    2,
  );
  const race = open({ workers: 2 });
  try {
    await race.compose([candidate]);
    const verdict = await race.run(candidate);
    const weights = await readFile(join(broken.folder, 'model.safetensors'));
    // A value of the first tensor that is no number.
    weights.fill(0xff, 8 + Number(weights.readBigUInt64LE(0)));
    await writeFile(join(broken.folder, 'model.safetensors'), weights);
    const [fine, failed] = await Promise.allSettled([race.run(candidate), race.run(broken)]);
    expect(fine).toEqual({ status: 'fulfilled', value: verdict });
    expect(failed).toMatchObject({ status: 'rejected', reason: { code: 'evaluate/not-finite' } });
    expect(await race.run(candidate)).toEqual(verdict);
  } finally {
    await race.close();
  }
});

test('a metric without a sound bound is scored in full', async () => {
  const [candidate = { folder: '' }] = await models('BertForSequenceClassification', LABELS, 1);
  const race = open({ metric: 'matthews' });
  try {
    expect(race.bounded).toBe(false);
    await race.compose([candidate]);
    expect(await race.run(candidate, { bar: 2 })).toMatchObject({ accepted: false, examples: 130, total: 130 });
  } finally {
    await race.close();
  }
});

test('stored batches give the same verdict in another process, and those of other data are refused', async () => {
  const [candidate = { folder: '' }] = await models('BertForSequenceClassification', LABELS, 1);
  const race = open();
  const later = open();
  try {
    const batches = JSON.parse(JSON.stringify(await race.compose([candidate])));
    const verdict = await race.run(candidate);
    later.use(batches);
    expect(await later.run(candidate)).toEqual(verdict);
    expect(() => open({ datasets: datasets.slice(0, 1) }).use(batches)).toThrow(/other data/);
    expect(() => later.use({ ...batches, batches: batches.batches.slice(1) })).toThrow(/other data/);
  } finally {
    await race.close();
    await later.close();
  }
});

test('a search without development data, or with a metric of another task, is refused before any model is loaded', () => {
  expect(() => open({ datasets: [] })).toThrow(expect.objectContaining({ code: 'evaluate/no-development-data' }));
  const [first] = datasets;
  const empty = { ...first, examples: [] } as Dataset;
  expect(() => open({ datasets: [empty] })).toThrow(expect.objectContaining({ code: 'evaluate/no-examples' }));
  expect(() => open({ metric: 'f1' })).toThrow(expect.objectContaining({ code: 'evaluate/metric-of-other-task' }));
  expect(() => open({ datasets: [{ ...first, domain: 'out' } as Dataset] })).toThrow(/none/);
});
