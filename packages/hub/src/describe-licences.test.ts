import { expect, test } from 'vitest';
import { describeLicences } from './describe-licences.ts';

const of = (...licences: (string | undefined)[]) =>
  describeLicences(licences.map((licence, index) => ({ name: `ns/m${index}`, licence })));
const conflicts = (...licences: string[]) => of(...licences).findings.filter(({ severity }) => severity === 'conflict');

test.each([
  [['apache-2.0', 'apache-2.0'], 'apache-2.0'],
  [['mit', 'apache-2.0'], 'apache-2.0'],
  [['mit', 'bsd-3-clause', 'mit'], 'mit'],
  [['apache-2.0', 'cc-by-nc-4.0'], 'cc-by-nc-4.0'],
  [['cc-by-nc-4.0', 'cc-by-nc-sa-4.0'], 'cc-by-nc-sa-4.0'],
  [['mit', 'gpl-3.0', 'apache-2.0'], 'gpl-3.0'],
  [['cc-by-sa-4.0', 'gpl-3.0'], 'gpl-3.0'],
  [['gpl-3.0', 'agpl-3.0'], 'agpl-3.0'],
  [['apache-2.0', 'llama3.1'], 'llama3.1'],
  [['gemma', 'mit'], 'gemma'],
  [['apache-2.0', 'mpl-2.0'], 'mpl-2.0'],
])('%j make %s, in any order', (licences, expected) => {
  expect(of(...licences).licence).toBe(expected);
  expect(of(...[...licences].reverse()).licence).toBe(expected);
});

test.each([
  [['apache-2.0', 'gpl-2.0']],
  [['cc-by-sa-4.0', 'cc-by-nc-4.0']],
  [['cc-by-nc-sa-4.0', 'gpl-3.0']],
  [['gpl-3.0', 'llama3']],
  [['mit', 'cc-by-nd-4.0']],
])('%j cannot be kept together, which is said and gives no licence', (licences) => {
  expect(conflicts(...licences)).not.toEqual([]);
  expect(of(...licences)).toMatchObject({ licence: 'other' });
  expect(of(...licences).explanation).toMatch(/must not be published/);
});

test('two sets of terms that neither exclude nor contain each other hold side by side', () => {
  const verdict = of('llama3', 'gemma');
  expect(verdict).toMatchObject({ licence: 'other', licenceName: 'llama3-and-gemma' });
  expect(verdict.findings.some(({ severity }) => severity === 'conflict')).toBe(false);
});

test('an input without a licence leaves the merge without one: never a default', () => {
  const verdict = of('apache-2.0', undefined);
  expect(verdict.licence).toBe('unknown');
  expect(verdict.findings).toContainEqual(
    expect.objectContaining({ severity: 'warning', message: expect.stringContaining('ns/m1 states no licence') }),
  );
  expect(describeLicences([]).licence).toBe('unknown');
});

test('a licence of its own name is carried with name and link, and asks to be read', () => {
  const own = { licence: 'other', licenceName: 'my-licence', licenceLink: 'https://x/LICENSE' };
  const verdict = describeLicences([
    { name: 'a/b', ...own },
    { name: 'c/d', licence: 'mit' },
  ]);
  expect(verdict).toMatchObject(own);
  expect(verdict.findings[0]?.message).toMatch(/my-licence \(a\/b\) is not among the licences known here/);
});

test('two unnamed "other" licences are not taken for the same', () => {
  const verdict = of('other', 'other');
  expect(verdict.licenceName).toBe('the-licence-of-ns-m0-and-the-licence-of-ns-m1');
});

test('the explanation names every input and calls itself no legal advice', () => {
  const { explanation } = of('mit', 'apache-2.0');
  expect(explanation).toMatch(/MIT \(ns\/m0\); Apache 2.0 \(ns\/m1\)/);
  expect(explanation).toMatch(/no legal advice/);
});
