import { mkdirSync } from 'node:fs';
import { ResourceError, RunError, UsageError } from '@hubfuse/plugin';
import { expect, test } from 'vitest';
import { exitCodeOf } from './exit-codes.ts';
import { explainSystemFailure } from './system-failures.ts';

const failure = (code: string, syscall: string) =>
  Object.assign(new Error(`${code}: it failed, ${syscall} '/models/a'`), { code, syscall, path: '/models/a' });

test.each([
  ['ENOSPC', 'write', ResourceError, 8, /^\/models\/a: the disk is full/],
  ['EROFS', 'mkdir', RunError, 1, /^\/models\/a: the system does not allow it \(mkdir: EROFS\)/],
  ['EACCES', 'open', RunError, 1, /does not allow it/],
  ['EMFILE', 'open', ResourceError, 8, /too many files/],
  ['ENOENT', 'mkdir', RunError, 1, /the folder cannot be made/],
] as const)('%s at %s is told as what it is, with the place', (code, syscall, type, exitCode, message) => {
  const explained = explainSystemFailure(failure(code, syscall)) as Error;
  expect(explained).toBeInstanceOf(type);
  expect(explained.message).toMatch(message);
  expect(exitCodeOf(explained)).toBe(exitCode);
});

test('a folder below a file is one that cannot be made', () => {
  try {
    mkdirSync(`${import.meta.filename}/below`, { recursive: true });
    expect.unreachable();
  } catch (error) {
    expect(explainSystemFailure(error)).toMatchObject({ code: 'system/no-folder' });
  }
});

test('everything else stays what it is', () => {
  const usage = new UsageError({ code: 'usage/x', message: 'x' });
  const defect = new TypeError('x is not a function');
  const gone = failure('ENOENT', 'open');
  expect([usage, defect, gone].map(explainSystemFailure)).toEqual([usage, defect, gone]);
});
