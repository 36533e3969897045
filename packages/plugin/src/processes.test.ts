import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { afterEach, expect, test } from 'vitest';
import { isProcessGone } from './processes.ts';

const children: ChildProcess[] = [];
afterEach(async () => {
  for (const child of children.splice(0)) {
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  }
});

function start(command: string, ...args: string[]): ChildProcess {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'ignore'] });
  children.push(child);
  return child;
}

test('a process that runs is not gone, one that has ended is', async () => {
  expect(isProcessGone(process.pid)).toBe(false);
  const child = start(process.execPath, '-e', '');
  await once(child, 'exit');
  expect(isProcessGone(child.pid ?? 0)).toBe(true);
});

test.skipIf(process.platform !== 'linux')('a killed process that its parent never asks for is gone', async () => {
  // The shell becomes a program that knows of no child.
  const parent = start('sh', '-c', 'sleep 60 & echo $!; exec sleep 60');
  const [line] = (await once(parent.stdout as NonNullable<typeof parent.stdout>, 'data')) as [Buffer];
  const orphan = Number(String(line).trim());
  expect(isProcessGone(orphan)).toBe(false);
  // Until then it is the shell, which asks for its children.
  await expect.poll(() => readFileSync(`/proc/${parent.pid}/comm`, 'utf8').trim()).toBe('sleep');
  process.kill(orphan, 'SIGKILL');
  await expect.poll(() => isProcessGone(orphan)).toBe(true);
  expect(() => process.kill(orphan, 0)).not.toThrow();
});
