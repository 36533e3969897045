import { RecipeError } from '@hubfuse/plugin';
import { describe, expect, test } from 'vitest';
import { readDocuments } from './documents.ts';
import { Findings } from './findings.ts';
import { booleanOf, describe as describeValue, type Located, numberOf, render } from './located.ts';

function read(text: string): Located[] {
  const findings = new Findings({ file: 'recipe.yaml' });
  const documents = readDocuments({ text, findings });
  findings.throwIfAny();
  return documents;
}

function refusal(text: string): RecipeError {
  try {
    read(text);
  } catch (error) {
    if (error instanceof RecipeError) return error;
    throw error;
  }
  throw new Error(`nothing was refused in ${text.slice(0, 100)}`);
}

const flow = (text: string) => read(text).map((document) => render(document, 1000));

describe('YAML and JSON become located values', () => {
  test('anchors, aliases and merge keys are written out; own keys win over merged ones', () => {
    const text = 'a: &a {x: 1, y: 2}\nb: *a\nc: {<<: *a, y: 3}\nd:\n  <<: [{x: 9}, *a]\n  z: 4\n';
    expect(flow(text)).toEqual(['{a: {x: 1, y: 2}, b: {x: 1, y: 2}, c: {y: 3, x: 1}, d: {z: 4, x: 9, y: 2}}']);
  });

  test('JSON with escapes is read', () => {
    expect(flow('{"a": ["\\u00e9\\ud83d\\ude00\\/", 1e-3, true, null]}')).toEqual(['{a: ["é😀/", 1e-3, true, null]}']);
  });

  test('every value knows its line and column', () => {
    const [root] = read('a: 1\r\nb:\r\n  - x\r\n  - {c: "y"}\r\n');
    const b = root?.kind === 'mapping' ? root.entries.get('b') : undefined;
    expect(b?.key).toEqual([2, 1]);
    const items = b?.value.kind === 'sequence' ? b.value.items : [];
    expect(items.map(({ position }) => position)).toEqual([
      [3, 5],
      [4, 5],
    ]);
    const c = items[1]?.kind === 'mapping' ? items[1].entries.get('c') : undefined;
    expect(c?.value.position).toEqual([4, 9]);
  });

  test('several documents, comments alone and nothing at all', () => {
    expect(flow('a: 1\n---\nb: 2\n...\n')).toEqual(['{a: 1}', '{b: 2}']);
    expect(flow('# nothing\n')).toEqual([]);
    expect(flow('')).toEqual([]);
    expect(flow('\uFEFFa: 1')).toEqual(['{a: 1}']);
  });

  test('a revision that looks like a number keeps its digits', () => {
    expect(flow('revision: 0123e567')).toEqual(['{revision: 0123e567}']);
  });
});

describe('broken YAML is refused with a place', () => {
  test.each([
    ['a: 1\nb: [1, 2\n', 'recipe/yaml'],
    ['a: b: c', 'recipe/yaml'],
    ['a: *nowhere', 'recipe/yaml'],
    ['a: &a [*a]', 'recipe/yaml'],
    ['a: !!python/object:os.system x', 'recipe/yaml'],
    ['? [a, b]\n: 1', 'recipe/yaml'],
    ['<<: 5', 'recipe/yaml'],
    ['a: 1\na: 2', 'recipe/duplicate-key'],
    ['"a": 1\na: 2', 'recipe/duplicate-key'],
    ['a:\n\t- b', 'recipe/yaml'],
  ])('%j', (text, code) => {
    const error = refusal(text);
    expect(error.code).toBe(code);
    expect(error.place?.line).toBeGreaterThan(0);
  });

  test('a key that appears twice shows both values and both lines', () => {
    const error = refusal('m:\n  p: {w: 1}\n  p: {w: 0}\n');
    expect(error.place).toMatchObject({ path: 'm.p', line: 3, column: 3 });
    expect(error.message).toContain('{w: 1} at line 2');
    expect(error.message).toContain('{w: 0}');
  });
});

describe('hostile texts are refused in bounded time and memory', () => {
  const bomb = ['a0: &a0 [x, x, x, x, x, x, x, x, x]'];
  for (let i = 1; i < 12; i++)
    bomb.push(
      `a${i}: &a${i} [${Array(9)
        .fill(`*a${i - 1}`)
        .join(', ')}]`,
    );
  const mergeBomb = ['a0: &a0 {k: 1}'];
  for (let i = 1; i < 60; i++) mergeBomb.push(`a${i}: &a${i} {k${i}: *a${i - 1}, l${i}: *a${i - 1}}`);
  const chain = ['a0: &a0 x'];
  for (let i = 1; i < 3000; i++) chain.push(`a${i}: &a${i} [*a${i - 1}]`);
  test.each([
    ['billion laughs', bomb.join('\n')],
    ['doubling mappings', mergeBomb.join('\n')],
    ['a long chain of aliases', chain.join('\n')],
    ['open lists', '['.repeat(30_000)],
    ['open mappings', '{'.repeat(30_000)],
    ['nested mappings', '{a: '.repeat(20_000)],
    ['nested dashes', '- '.repeat(15_000)],
    ['nested questions', '? '.repeat(15_000)],
    ['nested indentation', Array.from({ length: 400 }, (_, i) => `${' '.repeat(i)}a:`).join('\n')],
    ['too many values', 'a:\n'.concat('- x\n'.repeat(21_000))],
    ['too many documents', '--- 1\n'.repeat(200)],
    ['too long', `a: ${'x'.repeat(300_000)}`],
  ])('%s', (_, text) => {
    expect(refusal(text)).toMatchObject({ code: 'recipe/too-large', where: 'recipe.yaml' });
  });

  test('a text of nothing but mistakes makes a short error', () => {
    const errors = [']'.repeat(2000), '"'.repeat(2000), '&a '.repeat(2000), '*a '.repeat(2000)].map(refusal);
    for (const error of errors) expect(error.message.length).toBeLessThan(30_000);
  });
});

describe('scalars are read by what is expected', () => {
  const scalar = (text: string): Located => {
    const [document] = read(`v: ${text}`);
    const value = document?.kind === 'mapping' ? document.entries.get('v')?.value : undefined;
    if (value === undefined) throw new Error('no value');
    return value;
  };

  test.each([
    ['5e-1', 0.5],
    ['1e-3', 0.001],
    ['.5', 0.5],
    ['+1.', 1],
    ['1_000', 1000],
    ['"0.25"', 0.25],
    ['-.inf', Number.NEGATIVE_INFINITY],
    ['.NaN', Number.NaN],
    ['1x', undefined],
    ['', undefined],
    ['0x1F', 31],
    ['-0b101', -5],
    ['010', 8],
    ['"010"', 10],
    ['08', 8],
    ['1:30', 90],
    ['1:75', undefined],
    ['"0x10"', undefined],
  ])('the number %s', (text, value) => {
    expect(numberOf(scalar(text))).toBe(value);
  });

  test.each([
    ...['true', 'True', 'yes', 'YES', 'on', 'On'].map((text) => [text, true] as const),
    ...['false', 'FALSE', 'no', 'No', 'off', 'OFF'].map((text) => [text, false] as const),
    ...['"off"', "'yes'", 'y', 'n', 'oN', '1', '!!str yes'].map((text) => [text, undefined] as const),
  ])('the boolean %s', (text, value) => {
    expect(booleanOf(scalar(text))).toBe(value);
  });

  test('a message shows what a value is', () => {
    expect(['x', '"5"', '5', 'off', '~', '[1]', '{a: 1}'].map((text) => describeValue(scalar(text)))).toEqual([
      'the text "x"',
      'the text "5"',
      'the number 5',
      'the boolean off',
      'nothing',
      'a list',
      'a mapping',
    ]);
  });
});
