import { expect, test } from 'vitest';
import { parseCommand } from './parse-command.ts';

test.each<[text: string, command: ReturnType<typeof parseCommand>]>([
  ['/hubfuse merge', { name: 'merge' }],
  ['Thanks!\r\n\r\n  /hubfuse PLAN  nightly \r\n', { name: 'plan', recipe: 'nightly' }],
  ['/hubfuse', { name: '' }],
  ['/hubfuse cancel\n/hubfuse merge', { name: 'cancel' }],
  ['write `/hubfuse merge` to start', undefined],
  ['> /hubfuse merge', undefined],
  ['    /hubfuse merge', undefined],
  ['```\n/hubfuse merge\n```', undefined],
  ['```\ncode\n```\n/hubfuse merge', { name: 'merge' }],
  ['/hubfusemerge', undefined],
  ['', undefined],
])('%j', (text, command) => {
  expect(parseCommand(text)).toEqual(command);
});
