import { expect, test } from 'vitest';
import { differences, measuredOn } from '../scripts/scale/measured-on.mjs';
import {
  bytesOfShare,
  costOfLostChild,
  fitOneMachine,
  secondsOnOneMachine,
  simulatePopulation,
  simulateSharedMerge,
} from '../scripts/scale/model.mjs';

const machine = { name: 'm', vcpus: 4, network: 300e6, startSeconds: 180, usdPerHour: 0.36 };
const merge = {
  ...{ parameters: 70e9, models: 8, bytesPerParameter: 2, fileBytes: 4.7e9, children: 64, machine },
  ...{ processorSecondsPerGb: 6.83, writingSecondsPerGb: 3.75, usdPerGbSent: 0.09 },
};

test('the constants of one machine come out of four runs, and predict a fifth', () => {
  const work = { runSeconds: 5, secondsPerChild: 1.5, secondsPerGbFetched: 4, secondsPerGb: 12 };
  const constants = { ...work, waitSeconds: 7, processors: 2 };
  const run = (children: number, gb: number) => ({
    children,
    gb,
    seconds: secondsOnOneMachine({ ...constants, children, gb }),
    processorSeconds: 5 + 1.5 * children + 4 * children * gb + 12 * gb,
  });
  const runs = { few: run(2, 0.1), many: run(3, 0.1), fewLarge: run(2, 0.4), manyLarge: run(3, 0.4) };
  const fitted = fitOneMachine({ ...runs, processors: 2 });
  for (const [name, value] of Object.entries(constants)) {
    expect(fitted[name as keyof typeof constants]).toBeCloseTo(value, 6);
  }
  expect(secondsOnOneMachine({ ...fitted, children: 4, gb: 0.4 })).toBeCloseTo(run(4, 0.4).seconds, 6);
  expect(() => fitOneMachine({ ...runs, processors: 4 })).toThrow('2 children do not fill 4 processors');
});

test('times of another machine or of other code are told from those of this one', () => {
  const now = measuredOn();
  expect(differences(now, now)).toEqual([]);
  expect(differences({ ...now, sources: 'older' }, now)).toEqual([`sources was older, and is ${now.sources}`]);
  expect(differences({}, now).length).toBe(Object.keys(now).length);
});

test('a share of a model takes whole files, and all shares take all of it', () => {
  const shares = [0, 1, 2, 3].map((index) => bytesOfShare({ bytes: 100, fileBytes: 30, children: 4, index }));
  expect(shares).toEqual([30, 60, 60, 40]);
  expect(bytesOfShare({ bytes: 100, fileBytes: 30, children: 1, index: 0 })).toBe(100);
});

test('more children take less time until the one that puts the parts together is the bottleneck', () => {
  const [one, many] = [simulateSharedMerge({ ...merge, children: 1 }), simulateSharedMerge(merge)];
  expect(many.total).toBeLessThan(one.total / 2);
  expect(many.bottleneck).toBe('gather');
  expect(many.seconds.gather).toBe(one.seconds.gather);
  expect(many.moved.toHub).toBe(140e9);
  expect(many.moved.fromHub).toBeGreaterThan(8 * 140e9);
});

test('a lost child costs less than its run, and more where it did more', () => {
  const lost = costOfLostChild({ ...merge, leaseSeconds: 60, partsPerChild: 2 });
  expect(lost.seconds).toBeLessThan(simulateSharedMerge(merge).total);
  expect(lost.seconds).toBeGreaterThan(60);
  const fewer = costOfLostChild({ ...merge, children: 8, leaseSeconds: 60, partsPerChild: 2 });
  expect(fewer.seconds).toBeGreaterThan(lost.seconds);
});

test('a population takes fewer rounds on more machines, each of which fetches all parents', () => {
  const search = {
    ...{ population: 64, machines: 16, generations: 10, parameters: 110e6, bytesPerParameter: 2, tokens: 6600 },
    ...{ matrixShare: 0.78, racedShare: 0.5, machine, processorSecondsPerGb: 1.51, secondsPerGflop: 1 / 80 },
  };
  const [sixteen, four] = [simulatePopulation(search), simulatePopulation({ ...search, machines: 4 })];
  expect(four.seconds.score).toBeCloseTo(4 * sixteen.seconds.score, 9);
  expect(sixteen.moved.fromHub).toBe(16 * 64 * 220e6);
});
