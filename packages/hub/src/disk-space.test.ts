import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { freeBytes, requireFreeBytes } from './disk-space.ts';

const need = (bytes: number, free?: number) =>
  requireFreeBytes({
    path: join(tmpdir(), 'not', 'yet', 'there'),
    bytes,
    free,
    purpose: 'fetching',
    hint: 'free some',
  });

test('the space of a folder that does not exist yet is that of the disk it will be on', async () => {
  expect(await freeBytes(join(tmpdir(), 'not', 'yet', 'there'))).toBeGreaterThan(0);
});

test('what does not fit is refused with both figures', async () => {
  await expect(need(3e9, 2e9)).rejects.toThrow(
    /fetching needs 3.00 GB and 67.1 MB to spare, and 2.00 GB are free[\s\S]*free some/,
  );
  await expect(need(Number.MAX_SAFE_INTEGER)).rejects.toMatchObject({ code: 'hub/disk-full', name: 'ResourceError' });
});

test('what fits, or needs nothing, passes', async () => {
  await need(1e6, 1e9);
  await need(0, 0);
});
