import { spawnSync } from 'node:child_process';
import { hostname } from 'node:os';
import { expect, test } from 'vitest';
import { emptyStore } from '../../test/services.ts';
import { isHolderGone, newHolder } from './holder.ts';
import { takeLease } from './lease.ts';

test('what a process of this machine held is free as soon as it is gone; of others only their time tells', async () => {
  const { pid } = spawnSync(process.execPath, ['--version']);
  const gone = newHolder().replace(`${process.pid}@`, `${pid}@`);
  expect(isHolderGone(gone)).toBe(true);
  expect(isHolderGone(gone.replace(hostname(), 'elsewhere'))).toBe(false);
  expect(isHolderGone(newHolder())).toBe(false);
  expect(isHolderGone('')).toBe(false);

  const store = await emptyStore('memory');
  const lease = { name: 'chores', now: 1_000, forMs: 15_000 };
  expect(await takeLease(store, { ...lease, holder: gone })).toBe(true);
  expect(await takeLease(store, { ...lease, holder: newHolder() })).toBe(true);
  expect(await takeLease(store, { ...lease, holder: newHolder() })).toBe(false);
});
