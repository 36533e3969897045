import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Registry } from '@hubfuse/plugin';
import { beforeAll, expect, test } from 'vitest';
import { loadDataset } from './dataset.ts';
import { registerEvaluation } from './register.ts';

const registry = new Registry();
beforeAll(() => registerEvaluation(registry));

const rows = Array.from({ length: 10 }, (_, index) => ({
  utterance: `text ${index}`,
  intent: index % 2,
  split: index < 6 ? 'train' : 'test',
}));
const source = {
  name: 'rows.jsonl',
  bytes: new TextEncoder().encode(rows.map((row) => JSON.stringify(row)).join('\n')),
};
const columns = { text: 'utterance', label: 'intent' };
const base = { name: 'rows', source, columns, task: 'text-classification', registry };

async function numbers(selection: { split?: string; limit?: number; seed?: number }): Promise<number[]> {
  const { examples } = await loadDataset({ ...base, ...selection });
  return examples.map(({ input }) => Number((input as { text: string }).text.slice(5)));
}

test('columns are mapped to roles', async () => {
  const { examples, domain } = await loadDataset(base);
  expect(examples[3]).toEqual({ input: { text: 'text 3' }, labels: [1] });
  expect(domain).toBe('in');
});

test('a local file is read, its format taken from the ending of its name', async () => {
  const path = join(await mkdtemp(join(tmpdir(), 'dataset-')), 'rows.csv');
  await writeFile(path, 'text,label\nhello,greet\n');
  const { examples } = await loadDataset({ name: 'x', source: { path }, task: 'text-classification', registry });
  expect(examples).toEqual([{ input: { text: 'hello' }, labels: ['greet'] }]);
});

test('a split is a value of the column split, a slice of rows, or both', async () => {
  expect(await numbers({ split: 'test' })).toEqual([6, 7, 8, 9]);
  expect(await numbers({ split: '[:3]' })).toEqual([0, 1, 2]);
  expect(await numbers({ split: '[-2:]' })).toEqual([8, 9]);
  expect(await numbers({ split: '[20%:50%]' })).toEqual([2, 3, 4]);
  expect(await numbers({ split: 'train[:50%]' })).toEqual([0, 1, 2]);
});

test('a limit without seed takes the first examples', async () => {
  expect(await numbers({ limit: 4 })).toEqual([0, 1, 2, 3]);
});

test('a limit with a seed draws the same sample every time, in the order of the file, nested for larger limits', async () => {
  const five = await numbers({ limit: 5, seed: 7 });
  expect(five).toHaveLength(5);
  expect(five).toEqual(five.toSorted((a, b) => a - b));
  expect(await numbers({ limit: 5, seed: 7 })).toEqual(five);
  expect(await numbers({ limit: 5, seed: 8 })).not.toEqual(five);
  expect(await numbers({ limit: 7, seed: 7 })).toEqual(expect.arrayContaining(five));
});

test('what cannot be read is refused with a message that names it', async () => {
  const refuse = (options: Partial<Parameters<typeof loadDataset>[0]>) =>
    expect(loadDataset({ ...base, ...options })).rejects;
  await refuse({ columns: {} }).toThrow(
    /rows\.jsonl: there is no column "text" for text\n.*columns: utterance, intent, split/,
  );
  await refuse({ columns: {} }).toThrow('name another with text: <column>');
  await refuse({ columns: {}, columnSetting: (role) => `--column ${role}=<column>` }).toThrow(
    'name another with --column text=<column>',
  );
  await refuse({ columns: { txet: 'utterance' } }).toThrow(/has no column "txet"\n.*did you mean text\?/);
  await refuse({ columns: { ...columns, text_pair: 'other' } }).toThrow('there is no column "other" for text_pair');
  await refuse({ columns: { ...columns, label: 'split', text: 'intent' } }).toThrow(
    'row 1: "text" is 0 where a text is needed',
  );
  await refuse({ split: 'validation' }).toThrow(/belongs to the split "validation"\n.*train, test/);
  await refuse({ split: '[10:12]' }).toThrow(/the split "\[10:12\]" selects none of the 10 examples.*\n.*\[:100\]/);
  await refuse({ split: 'test[' }).toThrow('the split "test[" cannot be read');
  await refuse({ limit: 0 }).toThrow('the limit 0 is not a positive integer');
  await refuse({ reader: 'xlsx' }).toThrow('there is no reader "xlsx"');
  await refuse({ source: { path: '/nowhere/rows.jsonl' } }).toThrow(
    '/nowhere/rows.jsonl: the dataset file cannot be read',
  );
  await refuse({ source: { name: 'rows.xlsx', bytes: source.bytes } }).toThrow(
    /names no known format\n.*\.jsonl.*\.parquet/,
  );
  await refuse({ source: { name: 'empty.jsonl', bytes: new Uint8Array() } }).toThrow('holds no examples');
});

test('words and tags must be of one number', async () => {
  const bytes = new TextEncoder().encode('{"tokens": ["a", "b"], "tags": ["O"]}');
  await expect(
    loadDataset({ name: 'x', source: { name: 'x.jsonl', bytes }, task: 'token-classification', registry }),
  ).rejects.toThrow('x.jsonl: row 1: 2 tokens but 1 tags');
});
