import { expect, test } from 'vitest';
import type { Dataset } from './dataset.ts';
import { joinLabels, labelNames, matchLabels } from './labels.ts';

function dataset(labels: (string | number)[], classNames?: string[]): Dataset {
  return {
    name: 'data',
    task: 'text-classification',
    where: 'data.jsonl',
    examples: labels.map((label) => ({ input: { text: '' }, labels: [label] })),
    domain: 'in',
    ...(classNames === undefined ? {} : { classNames }),
  };
}

test('label names are those of id2label, or numbered as transformers numbers them', () => {
  expect(labelNames({ id2label: { 1: 'b', 0: 'a' } }, 'config.json')).toEqual(['a', 'b']);
  expect(labelNames({ num_labels: 3 }, 'config.json')).toEqual(['LABEL_0', 'LABEL_1', 'LABEL_2']);
  expect(labelNames({}, 'config.json')).toHaveLength(2);
  expect(() => labelNames({ id2label: { 0: 'a', 2: 'c' } }, 'config.json')).toThrow('without gaps');
});

test('names are matched by name, integers and digits by position', () => {
  const { nameOf, warnings } = matchLabels(dataset(['no', 1, '0']), ['no', 'yes']);
  expect([...nameOf]).toEqual([
    ['no', 'no'],
    [1, 'yes'],
    ['0', 'no'],
  ]);
  expect(warnings).toEqual([]);
});

test('class names of the file decide what an integer means, not its position in the model', () => {
  expect(matchLabels(dataset([0, 1], ['yes', 'no']), ['no', 'yes']).nameOf.get(0)).toBe('yes');
});

test('placeholder names are taken by position, with a warning', () => {
  const { nameOf, warnings } = matchLabels(dataset(['yes', 0], ['no', 'yes']), ['LABEL_0', 'LABEL_1']);
  expect(nameOf.get('yes')).toBe('LABEL_1');
  expect(nameOf.get(0)).toBe('LABEL_0');
  expect(warnings).toEqual([expect.stringContaining('proves nothing: they are taken by position')]);
});

test('labels that the model does not know are counted and reported', () => {
  const { unknown, warnings } = matchLabels(dataset(['no', 'maybe', 'maybe', 9]), ['no', 'yes']);
  expect(unknown).toEqual({ maybe: 2, '9': 1 });
  expect(warnings).toEqual([expect.stringContaining('3 of 4 labels are unknown to the model and count as wrong')]);
});

test('a model that knows none of the labels is refused', () => {
  expect(() => matchLabels(dataset(['red', 'blue']), ['no', 'yes'], { model: 'ns/name' })).toThrow(
    /ns\/name knows none of the labels of "data" \(red, blue\)/,
  );
  expect(() => matchLabels(dataset(['red']), ['LABEL_0', 'LABEL_1'])).toThrow('give the labels as integers');
});

test('the tag of what is outside proves nothing', () => {
  expect(() => matchLabels(dataset(['O', 'B-GENE']), ['O', 'B-PER'], { neutral: 'O' })).toThrow(
    'knows none of the labels',
  );
  expect(matchLabels(dataset(['O', 'O']), ['O', 'B-PER'], { neutral: 'O' }).unknown).toEqual({});
});

const members = (...labels: string[][]) => labels.map((names, i) => ({ name: `m${i}`, labels: names }));

test('members of an ensemble are aligned by name, placeholders by position with a warning', () => {
  expect(joinLabels(members(['a', 'b'], ['a', 'b'])).members).toEqual([{}, {}]);
  expect(joinLabels(members(['a', 'b', 'c'], ['c', 'a', 'b'])).members[1]).toEqual({ order: Int32Array.of(1, 2, 0) });
  expect(joinLabels(members(['a', 'b'], ['LABEL_0', 'LABEL_1'])).members[1]?.warning).toContain('by position');
});

test('members that know other labels are joined by name: each answers where it knows the label', () => {
  const joined = joinLabels(members(['a', 'b'], ['c', 'a']));
  expect(joined.names).toEqual(['a', 'b', 'c']);
  expect(joined.members).toEqual([{ order: Int32Array.of(0, 1, -1) }, { order: Int32Array.of(1, -1, 0) }]);
});

test('placeholders that are not as many as the others are refused', () => {
  expect(() => joinLabels(members(['a', 'b'], ['LABEL_0', 'LABEL_1', 'LABEL_2']))).toThrow('cannot be matched');
});
