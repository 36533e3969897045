import { HubfuseError } from '@hubfuse/plugin';
import { expect, test } from 'vitest';
import { explainFileFailure } from './file-failures.ts';

const failed = (code: string) => Object.assign(new Error('failed'), { code, path: '/cache/x' });

test('a full disk is a matter of resources, with the file and what to do', () => {
  const explained = explainFileFailure(failed('ENOSPC'), '/cache');
  expect(explained).toMatchObject({ code: 'hub/disk-full', name: 'ResourceError', where: '/cache/x' });
});

test('a cache that cannot be written says so', () => {
  expect(explainFileFailure(failed('EROFS'), '/cache')).toMatchObject({ code: 'hub/cache-not-writable' });
});

test('other failures stay what they are', () => {
  const other = failed('EMFILE');
  expect(explainFileFailure(other, '/cache')).toBe(other);
  const ours = new HubfuseError({ code: 'hub/x', message: 'x' });
  expect(explainFileFailure(ours, '/cache')).toBe(ours);
});
