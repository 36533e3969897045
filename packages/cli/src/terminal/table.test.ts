import { expect, test } from 'vitest';
import { renderMarkdownTable, renderTable, wrap } from './table.ts';

test('columns are as wide as their widest cell, and numbers stand to the right', () => {
  const table = renderTable(
    [{ title: 'model' }, { title: 'mean', align: 'right' }],
    [
      ['base', '68.17'],
      ['a', '9.00'],
    ],
  );
  expect(table).toBe(['model   mean', '-----  -----', 'base   68.17', 'a       9.00'].join('\n'));
});

test('colours do not count as width', () => {
  const table = renderTable(
    [{ title: 'm' }, { title: 'x' }],
    [
      ['\x1b[1mab\x1b[22m', '1'],
      ['cd', '2'],
    ],
  );
  expect(table.split('\n')[2]).toBe('\x1b[1mab\x1b[22m  1');
});

test('a bar inside a cell does not end a cell of Markdown', () => {
  expect(renderMarkdownTable([{ title: 'a' }], [['x|y']])).toBe('| a |\n|---|\n| x\\|y |');
});

test('text is broken between words', () => {
  expect(wrap('one two three', 9, '  ')).toBe('  one two\n  three');
});
