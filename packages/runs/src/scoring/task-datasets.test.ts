import type { DatasetEntry } from '@hubfuse/recipe';
import { expect, test } from 'vitest';
import { datasetsOfTasks } from './task-datasets.ts';

const tasks = ['intents-money', 'intents-home', 'travel'].map((name) => ({ name, model: { name: `you/${name}` } }));
const dataset = (name: string, more: Partial<DatasetEntry> = {}): DatasetEntry => ({
  name,
  domain: 'in',
  columns: {},
  path: `evaluate.datasets: ${name}`,
  ...more,
});

test('a dataset belongs to the task of its name, to the one whose name holds it as a word, or to the one it names', () => {
  const datasets = [dataset('travel'), dataset('money'), dataset('rooms', { head: 'you/intents-home' })];
  expect([...datasetsOfTasks(tasks, datasets).byTask]).toEqual([
    ['intents-money', ['money']],
    ['intents-home', ['rooms']],
    ['travel', ['travel']],
  ]);
});

test('an out-of-domain dataset may belong to no task', () => {
  expect(datasetsOfTasks(tasks, [dataset('poems', { domain: 'out' })]).unanswered).toEqual(['poems']);
});

test.each([dataset('poems'), dataset('intents'), dataset('x', { head: 'nobody' })])(
  'an in-domain dataset of no task, or of several, is refused ($name)',
  (entry) => {
    expect(() => datasetsOfTasks(tasks, [entry])).toThrow(
      expect.objectContaining({ code: 'run/no-task-for-dataset', hint: expect.stringContaining('intents-money') }),
    );
  },
);
