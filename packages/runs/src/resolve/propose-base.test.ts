import { expect, test } from 'vitest';
import { proposeBase } from './propose-base.ts';

const card = (name: string, ...baseModels: string[]) => ({ name, baseModels });

test('the base that the most cards name is proposed, with who names it', () => {
  expect(proposeBase([card('a', 'org/other'), card('b', 'org/base'), card('c', 'org/base', 'org/base')])).toEqual({
    base: 'org/base',
    namedBy: ['b', 'c'],
  });
});

test('of two that are named as often the first one is proposed', () => {
  expect(proposeBase([card('a', 'org/one'), card('b', 'org/two')])?.base).toBe('org/one');
});

test('where no card names a base nothing is proposed', () => {
  expect(proposeBase([card('a'), card('b')])).toBeUndefined();
});
