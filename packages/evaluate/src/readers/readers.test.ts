import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import conll from './conll.ts';
import csv from './csv.ts';
import jsonl from './jsonl.ts';
import parquet from './parquet.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const fixture = (name: string): Promise<Uint8Array> =>
  readFile(new URL(`../../test/fixtures/${name}`, import.meta.url));

test('JSON lines: one object per line, empty lines and a byte order mark are skipped', async () => {
  const { rows } = await jsonl.read(bytes('\ufeff{"text": "a"}\n\n{"text": "b", "label": 1}\r\n'), 'x.jsonl');
  expect(rows).toEqual([{ text: 'a' }, { text: 'b', label: 1 }]);
});

test('a JSON array of objects is read like JSON lines', async () => {
  expect((await jsonl.read(bytes(' [{"a": 1},\n {"a": 2}]'), 'x.json')).rows).toEqual([{ a: 1 }, { a: 2 }]);
});

test('malformed JSON lines are named by file and line', async () => {
  await expect(jsonl.read(bytes('{"a": 1}\n{"a": \n'), 'bad.jsonl')).rejects.toThrow(
    /^bad\.jsonl:2: the line is not JSON/,
  );
  await expect(jsonl.read(bytes('{"a": 1}\n[1]\n'), 'bad.jsonl')).rejects.toThrow(
    'bad.jsonl:2: the line is not a JSON object',
  );
  await expect(jsonl.read(bytes('[{"a": 1}, 7]'), 'bad.json')).rejects.toThrow(
    'bad.json: element 1 of the array is not an object',
  );
  await expect(jsonl.read(bytes('[{"a": 1},\n {"a" 2}]'), 'bad.json')).rejects.toThrow(
    /^bad\.json:2: .*not a JSON array/,
  );
});

test('bytes that are no UTF-8 are refused with the file name', async () => {
  await expect(jsonl.read(Uint8Array.of(0x7b, 0xff), 'latin.jsonl')).rejects.toThrow(
    'latin.jsonl: the file is not UTF-8',
  );
});

test('CSV: quotes, doubled quotes, delimiters and line breaks inside quotes, CRLF, empty values', async () => {
  const { rows } = await csv.read(bytes('text,label\r\n"a, ""b""\nc",x\r\n,y\r\n\r\nlast,"z"'), 'x.csv');
  expect(rows).toEqual([
    { text: 'a, "b"\nc', label: 'x' },
    { text: '', label: 'y' },
    { text: 'last', label: 'z' },
  ]);
});

test('TSV is split at tabs', async () => {
  expect((await csv.read(bytes('text\tlabel\na, b\tx\n'), 'x.TSV')).rows).toEqual([{ text: 'a, b', label: 'x' }]);
});

test('malformed CSV is named by file and line', async () => {
  await expect(csv.read(bytes('a,b\n1,2\n3\n'), 'bad.csv')).rejects.toThrow(
    'bad.csv:3: 1 values where the header has 2',
  );
  await expect(csv.read(bytes('a,b\n1,"x\ny'), 'bad.csv')).rejects.toThrow('bad.csv:2: a quote is opened here');
  await expect(csv.read(bytes('a,b\n"x\ny"z,2\n'), 'bad.csv')).rejects.toThrow(
    'bad.csv:3: text follows a closing quote',
  );
  await expect(csv.read(bytes('a,a\n1,2\n'), 'bad.csv')).rejects.toThrow('bad.csv:1: the column "a" appears twice');
});

test('CoNLL: sentences end at empty lines, the tag is the last column, comments and document starts are skipped', async () => {
  const text = '-DOCSTART- -X- O\n\n# sent_id = 1\nEU NNP B-ORG\nrejects VBZ O\r\n\n# X O\n';
  expect((await conll.read(bytes(text), 'x.conll')).rows).toEqual([
    { tokens: ['EU', 'rejects'], tags: ['B-ORG', 'O'] },
    { tokens: ['#'], tags: ['O'] },
  ]);
});

test('CoNLL with tabs keeps words that hold blanks', async () => {
  expect((await conll.read(bytes('New York\tB-LOC\n'), 'x.bio')).rows).toEqual([
    { tokens: ['New York'], tags: ['B-LOC'] },
  ]);
});

test('malformed CoNLL is named by file and line', async () => {
  await expect(conll.read(bytes('a O\nb\n'), 'bad.conll')).rejects.toThrow(
    'bad.conll:2: the line has a word but no tag',
  );
  await expect(conll.read(bytes('a NN O\nb O\n'), 'bad.conll')).rejects.toThrow('bad.conll:2: 2 columns');
});

test.each(['texts.snappy.parquet', 'texts.zstd.parquet'])(
  'Parquet strings, 64-bit integers and names of a ClassLabel column: %s',
  async (name) => {
    const { rows, classNames } = await parquet.read(await fixture(name), name);
    expect(rows).toEqual([
      { text: 'good', label: 1, idx: 0 },
      { text: 'bad', label: 0, idx: 1 },
      { text: 'fine, really', label: 1, idx: 2 },
      { text: 'über', label: 1, idx: 3 },
    ]);
    expect(classNames).toEqual({ label: ['no', 'yes'] });
  },
);

test.each(['words.gzip.parquet', 'words.brotli.parquet'])(
  'Parquet lists with their ClassLabel names: %s',
  async (name) => {
    expect(await parquet.read(await fixture(name), name)).toEqual({
      rows: [
        { tokens: ['Ada', 'Lovelace', 'wrote'], ner_tags: [1, 2, 0] },
        { tokens: ['nothing'], ner_tags: [0] },
      ],
      classNames: { ner_tags: ['O', 'B-PER', 'I-PER'] },
    });
  },
);

test('what is no Parquet is refused with the file name', async () => {
  await expect(parquet.read(bytes('text,label\n'), 'bad.parquet')).rejects.toThrow(
    /^bad\.parquet: .*Parquet.*\n.*does not begin as Parquet/,
  );
  const whole = await fixture('texts.snappy.parquet');
  const cut = parquet.read(whole.subarray(0, 300), 'cut.parquet');
  await expect(cut).rejects.toThrow(/^cut\.parquet: .*Parquet.*\n.*the file is cut/);
  const garbled = parquet.read(Uint8Array.from(whole).fill(255, 4, -8), 'garbled.parquet');
  await expect(garbled).rejects.toThrow(/^garbled\.parquet: .*Parquet.*\n.*Zstandard pages/);
});
