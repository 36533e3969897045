import { describe, expect, test } from 'vitest';
import { cursorContext } from './cursor-context.ts';

/** The context at `|`. */
function at(text: string) {
  const { from, ...context } = cursorContext(text.replace('|', ''), text.indexOf('|'));
  return { ...context, word: text.slice(from, text.indexOf('|')) };
}

describe('what is being written', () => {
  test.each([
    ['an empty recipe', '|', { kind: 'key', path: [], siblings: [], word: '' }],
    [
      'a key at the top',
      'name: x\nmer|\nmodels: []',
      { kind: 'key', path: [], siblings: ['name', 'models'], word: 'mer' },
    ],
    ['a value at the top', 'merge_method: pc|', { kind: 'value', path: ['merge_method'], siblings: [], word: 'pc' }],
    ['an entry of a list', 'models:\n  - a\n  - |', { kind: 'key', path: ['models', 1], siblings: [], word: '' }],
    [
      'a list right below its key',
      'models:\n- a\n- b\n- mo|',
      { kind: 'key', path: ['models', 2], siblings: [], word: 'mo' },
    ],
    [
      'a later key of an entry',
      'models:\n  - a\n  - model: b\n    par|\n  - c',
      { kind: 'key', path: ['models', 1], siblings: ['model'], word: 'par' },
    ],
    [
      'a key two levels down, behind a comment and an empty line',
      'models:\n  - model: b\n    # weights\n\n    parameters:\n      we|',
      { kind: 'key', path: ['models', 0, 'parameters'], siblings: [], word: 'we' },
    ],
    [
      'a value two levels down',
      'evaluate:\n  datasets:\n    - name: a\n    - name: b\n      domain: |',
      { kind: 'value', path: ['evaluate', 'datasets', 1, 'domain'], siblings: [], word: '' },
    ],
    [
      'a key in brackets',
      'parameters: {ratio: 0.1, la|',
      { kind: 'key', path: ['parameters'], siblings: ['ratio'], word: 'la' },
    ],
    [
      'a value in brackets',
      'publish: {hub: {as: pu|',
      { kind: 'value', path: ['publish', 'hub', 'as'], siblings: [], word: 'pu' },
    ],
    [
      'brackets within a list',
      'models:\n  - {model: a/b@main, parameters: {|',
      { kind: 'key', path: ['models', 0, 'parameters'], siblings: [], word: '' },
    ],
    ['an entry of a list in brackets', 'x: [a, b, c|', { kind: 'value', path: ['x', 2], siblings: [], word: 'c' }],
    ['what follows closed brackets', 'a: {b: c}\n|', { kind: 'key', path: [], siblings: ['a'], word: '' }],
    [
      'an address is no key',
      'models:\n  - https://hf.co/a|',
      { kind: 'key', path: ['models', 0], siblings: [], word: 'https://hf.co/a' },
    ],
    [
      'indentation alone says where a key belongs',
      'publish:\n  hub:\n    repo: a/b\n  |',
      { kind: 'key', path: ['publish'], siblings: ['hub'], word: '' },
    ],
  ])('%s', (_, text, expected) => {
    expect(at(text)).toEqual(expected);
  });

  test('any place of any text has an answer', () => {
    const text = 'a: {b: [c, "d: e"], f}\n- - x: |\n   "y" : \'z\n]}: {';
    for (let offset = 0; offset <= text.length; offset++)
      expect(cursorContext(text, offset).from).toBeLessThanOrEqual(offset);
  });
});
