import { UsageError } from '@hubfuse/plugin';
import { expect, test } from 'vitest';
import { parseArguments } from './arguments.ts';
import { defineCommand } from './command.ts';

const command = defineCommand({
  name: 'paint',
  summary: 'Paint',
  description: [],
  positionals: [
    { name: 'wall', description: 'which wall', required: true },
    { name: 'colour', description: 'which colour', required: false },
  ],
  options: {
    out: { type: 'text', value: 'folder', short: 'o', description: '' },
    mode: { type: 'text', value: 'mode', choices: ['matt', 'gloss'], description: '' },
    coats: { type: 'integer', value: 'n', minimum: 1, maximum: 9, description: '' },
    weight: { type: 'number', value: 'w', description: '' },
    memory: { type: 'size', value: 'size', description: '' },
    dry: { type: 'flag', description: '' },
  },
  examples: [],
  run: () => Promise.resolve(undefined),
});

const codeOf = (argv: string[]): string => {
  try {
    parseArguments(command, argv);
  } catch (error) {
    if (error instanceof UsageError) return error.code;
    throw error;
  }
  return 'accepted';
};

test('options are read by their types, and places by their order', () => {
  const argv = [
    'north',
    '--coats=2',
    '--memory',
    '1.5KiB',
    '-o',
    'x',
    '--dry',
    'red',
    '--weight',
    '-0.5',
    '--plugin',
    'a',
  ];
  const { options, positionals } = parseArguments(command, [...argv, '--plugin', 'b']);
  expect(options).toEqual({
    coats: 2,
    memory: 1536,
    out: 'x',
    dry: true,
    weight: -0.5,
    plugin: ['a', 'b'],
    json: false,
    quiet: false,
    help: false,
  });
  expect(positionals).toEqual(['north', 'red']);
});

test('an unknown option is answered with the option that was meant', () => {
  expect(() => parseArguments(command, ['north', '--coat', '2'])).toThrow(
    'hubfuse paint has no option --coat\n  did you mean --coats?',
  );
});

test('names of object members are no options', () => {
  expect(codeOf(['north', '--constructor'])).toBe('usage/unknown-option');
});

test.each([
  [['north', '--coats', '0'], 'usage/bad-value'],
  [['north', '--coats', '1.5'], 'usage/bad-value'],
  [['north', '--coats', '0x10'], 'usage/bad-value'],
  [['north', '--weight', 'NaN'], 'usage/bad-value'],
  [['north', '--memory', '12 parsecs'], 'usage/bad-value'],
  [['north', '--mode', 'glos'], 'usage/bad-value'],
  [['north', '--out'], 'usage/missing-value'],
  [['north', '--out', '--dry'], 'usage/missing-value'],
  [['north', '--out='], 'usage/missing-value'],
  [['north', '--dry=yes'], 'usage/unexpected-value'],
  [['north', '--out', 'x', '--out', 'y'], 'usage/repeated-option'],
  [[], 'usage/missing-argument'],
  [['north', 'red', 'blue'], 'usage/extra-argument'],
])('%j is refused as %s', (argv, code) => {
  expect(codeOf(argv)).toBe(code);
});

test('everything after -- is a place, whatever it looks like', () => {
  expect(parseArguments(command, ['--', '--dry', 'red']).positionals).toEqual(['--dry', 'red']);
});

test('help is shown for a command line that is wrong otherwise', () => {
  expect(parseArguments(command, ['--help', '--nonsense']).options.help).toBe(true);
});
