import { RunError } from '@hubfuse/plugin';
import { describe, expect, test } from 'vitest';
import { refused } from '../test/reading.ts';
import { evaluateGate, type GateValues } from './evaluate-gate.ts';
import { gatePairs } from './gate.ts';
import { GateError, parseGate } from './parse-gate.ts';

const values: GateValues = {
  mean: 0.8,
  best_parent: 0.75,
  base: 0.6,
  average: 0.7,
  published: 0.79,
  money: 0.9,
  'my-data': 0.5,
};
const datasets = ['money', 'my-data'];
const decide = (text: string, more: GateValues = {}) => evaluateGate(parseGate(text, datasets), { ...values, ...more });

describe('a gate decides', () => {
  test.each([
    ['mean > best_parent', true],
    ['mean > best_parent and mean > base', true],
    ['mean>best_parent and base>average', false],
    ['mean < base or money >= 0.9', true],
    ['not mean < base', true],
    ['not not mean < base', false],
    ['not (mean > base and money < 0.5)', true],
    ['mean > base or mean > base and mean < base', true],
    ['(mean > base or mean > base) and mean < base', false],
    ['not mean < base and mean < base', false],
    ['mean > best_parent + 0.04', true],
    ['mean > best_parent + 0.06', false],
    ['mean - base - 0.1 > 0', true],
    ['mean - (base - 0.1) > 0.4', false],
    ['-mean < -base', true],
    ['- (mean - base) < 0', true],
    ['"my-data" <= .5', true],
    ["'my-data' < 5e-1", false],
    ['"money" > 85%', true],
    ['mean <= 0.8', true],
    ['((mean)) > ((0.5))', true],
    ['0.5 < mean', true],
    ['mean > published', true],
  ])('%s', (text, met) => {
    expect(decide(text).met).toBe(met);
  });

  test('what is not published yet is below every score', () => {
    const none = { published: null };
    expect(decide('mean > published', none).met).toBe(true);
    expect(decide('mean - published > 0.01', none).met).toBe(true);
    expect(decide('mean > published + 0.01', none).met).toBe(true);
    expect(decide('published > 0', none).met).toBe(false);
    expect(decide('mean > published', none).comparisons[0]?.right).toEqual({
      text: 'published',
      value: null,
      figures: { published: null },
    });
  });

  test('the report shows both sides of every comparison with their figures, decided or not', () => {
    const result = decide('mean < base and money > best_parent + 0.1 - -0.01');
    expect(result.met).toBe(false);
    expect(result.comparisons).toMatchObject([
      { text: 'mean < base', met: false, left: { value: 0.8, figures: { mean: 0.8 } }, right: { value: 0.6 } },
      {
        text: 'money > best_parent + 0.1 - -0.01',
        met: true,
        left: { text: 'money', value: 0.9, figures: { money: 0.9 } },
        right: { figures: { best_parent: 0.75 } },
      },
    ]);
    expect(result.explanation).toBe(
      'mean 0.8000 < base 0.6000: not met; money 0.9000 > best_parent + 0.1 - -0.01 0.8600: met',
    );
  });

  test('a written-out side keeps its meaning', () => {
    const { comparisons } = decide('mean - (base - "my-data") > - (mean + base)');
    expect(comparisons[0]?.text).toBe('mean - (base - "my-data") > -(mean + base)');
  });

  test('a score that is missing or no number stops the decision', () => {
    const gate = parseGate('mean > base', []);
    for (const lacking of [{ mean: 0.5 }, { mean: 0.5, base: Number.NaN }, { mean: 0.5, base: null }]) {
      expect(() => evaluateGate(gate, lacking)).toThrow(RunError);
      expect(() => evaluateGate(gate, lacking)).toThrow('"base"');
    }
  });
});

describe('better', () => {
  const difference = (low: number, left = 'mean', right = 'published') => ({
    left,
    right,
    value: 0.01,
    low,
    high: 0.02,
    scores: { left: 0.8, right: 0.79 },
  });
  const better = (text: string, low: number, more: GateValues = {}) =>
    evaluateGate(parseGate(text, datasets), { ...values, ...more }, [difference(low)]);

  test('holds where the whole interval lies above zero, and shows it', () => {
    const held = better('better(mean, published)', 0.001);
    expect(held.met).toBe(true);
    expect(held.comparisons[0]).toMatchObject({
      text: 'better(mean, published)',
      operator: 'better',
      left: { value: 0.8 },
      right: { value: 0.79 },
      difference: { low: 0.001 },
    });
    expect(held.explanation).toBe(
      'mean 0.8000 better than published 0.7900 (difference +0.0100, 95 % interval +0.0010 to +0.0200): met',
    );
    expect(better('better(mean, published)', 0).met).toBe(false);
    expect(better('better(mean, published)', -0.001).explanation).toMatch(/interval -0\.0010 to \+0\.0200\): not met$/);
    expect(better('not better( mean ,published ) or mean < 0', 0).met).toBe(true);
    expect(better('(better(mean, published) and mean > 0.5) or base > 1', 0.1).met).toBe(true);
  });

  test('beside nothing published every score is better', () => {
    expect(better('better(mean, published)', 0, { published: null }).met).toBe(true);
    expect(better('better(published, mean)', 0, { published: null }).met).toBe(false);
  });

  test('needs the interval of its own two scores', () => {
    expect(() => better('better(published, mean)', 0.1)).toThrow(
      expect.objectContaining({ code: 'run/gate-difference' }) as Error,
    );
    expect(() => better('better(mean, published)', 0.1, { mean: Number.NaN })).toThrow('"mean"');
  });

  test('a plain comparison of two scores shows the interval and does not depend on it', () => {
    const plain = better('mean > published + 0.001', -0.5);
    expect(plain.met).toBe(true);
    expect(plain.comparisons[0]?.difference).toEqual(difference(-0.5));
    expect(better('mean > 0.5', 0.1).comparisons[0]?.difference).toBeUndefined();
  });

  test('a dataset may be called so, and a gate says which scores it compares', () => {
    const gate = parseGate('better > 0.5 and better(better, base) and mean - base > 0.1 and not mean + mean > base', [
      'better',
    ]);
    expect(gate.names).toEqual(['better', 'base', 'mean']);
    expect(gatePairs(gate)).toEqual([
      { left: 'better', right: 'base' },
      { left: 'mean', right: 'base' },
    ]);
    const values = { better: 0.6, base: 0.2, mean: 0.6 };
    // On the dataset the base has another score than its mean.
    const onDataset = { ...difference(0.1, 'better', 'base'), scores: { left: 0.6, right: 0.3 } };
    const result = evaluateGate(gate, values, [onDataset]);
    expect(result.met).toBe(false);
    expect(result.comparisons[1]).toMatchObject({ met: true, right: { value: 0.3, figures: { base: 0.3 } } });
  });
});

test('a gate says which scores it needs, each once, and survives JSON', () => {
  const gate = parseGate('mean > base and (mean > best_parent or not "my-data" < 0.5)', datasets);
  expect(gate.names).toEqual(['mean', 'base', 'best_parent', 'my-data']);
  expect(evaluateGate(JSON.parse(JSON.stringify(gate)), values)).toEqual(evaluateGate(gate, values));
});

describe('a gate that cannot be read is refused at its place', () => {
  test.each<[text: string, offset: number, mention: string]>([
    ['', 0, 'empty'],
    ['mean', 0, 'condition is expected'],
    ['mean >', 6, 'the gate ends'],
    ['mean > bass', 7, 'did you mean base?'],
    ['mean > mony', 7, 'did you mean money?'],
    ['my-data > 0.5', 0, 'did you mean "my-data" (in quotes)?'],
    ['"mean" > 0.5', 0, 'does not know the name "mean"'],
    ['mean > constructor', 7, 'constructor'],
    ['mean > base > average', 12, 'chained'],
    ['better(mean, base', 17, '")" is missing'],
    ['better(mean)', 11, 'better compares two scores'],
    ['better(mean, 0.5)', 13, 'name of a score'],
    ['better(mean, bass)', 13, 'did you mean base?'],
    ['better(mean, base + 0.1)', 18, '")" is missing'],
    ['better(mean, mean)', 0, 'can never hold'],
    ['mean > 0 and better(money, "my-data")', 13, 'two datasets'],
    ['better(mean, base) > 0', 19, 'not expected here'],
    ['better mean', 0, 'does not know the name "better"'],
    ['mean > 0, base > 0', 8, 'not expected here'],
    ['mean == base', 5, '> >= < <='],
    ['mean => base', 5, '> >= < <='],
    ['mean > base && mean > 0', 12, 'write and'],
    ['mean > base || mean > 0', 12, 'write or'],
    ['!mean', 0, 'write not'],
    ['mean > 2 * base', 9, 'cannot hold "*"'],
    ['mean > base mean', 12, 'not expected here'],
    ['(mean > base', 12, '")" is missing'],
    ['mean > base)', 11, 'not expected here'],
    ['(mean > base) + 1 > 0', 1, 'condition stands where a number'],
    ['mean > (base > 0)', 7, 'condition stands where a number'],
    ['not mean', 4, 'number stands where a condition'],
    ['mean > base and 5', 16, 'number stands where a condition'],
    ['mean > and', 7, 'where a score or number is expected'],
    ['process.exit()', 7, 'cannot hold "."'],
    ['mean > "', 7, 'cannot hold'],
    ['mean > `x`', 7, 'cannot hold'],
  ])('%s', (text, offset, mention) => {
    const error = refused(() => parseGate(text, datasets));
    expect(error).toBeInstanceOf(GateError);
    expect(error.code).toBe('recipe/gate');
    expect(error.message).toContain(mention);
    expect((error as GateError).offset).toBe(text.startsWith('(mean > base) +') ? 0 : offset);
  });

  test('length and nesting are bounded', () => {
    expect(refused(() => parseGate(`${'('.repeat(900)}mean > 0${')'.repeat(900)}`, [])).message).toContain('nested');
    expect(refused(() => parseGate(`${'not '.repeat(400)}mean > 0`, [])).message).toContain('nested');
    expect(refused(() => parseGate(`mean > ${'-'.repeat(400)}1`, [])).message).toContain('nested');
    expect(refused(() => parseGate(`mean > 0${' '.repeat(3000)}`, [])).message).toContain('2000 characters');
    const long = `${'mean + '.repeat(280)}mean > 0`;
    expect(evaluateGate(parseGate(long, []), { mean: 0.5 }).met).toBe(true);
  });
});
