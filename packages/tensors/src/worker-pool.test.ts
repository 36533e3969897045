import { getEventListeners } from 'node:events';
import { expect, test } from 'vitest';
import { WorkerPool } from './worker-pool.ts';

const idle = new URL('data:text/javascript,');

function poolOn(signal: AbortSignal): WorkerPool {
  return new WorkerPool({ module: idle, workers: 1, data: undefined, signal });
}

test('a pool that was closed has let go of the signal', async () => {
  const { signal } = new AbortController();
  const pool = poolOn(signal);
  expect(getEventListeners(signal, 'abort')).toHaveLength(1);
  await pool.close();
  expect(getEventListeners(signal, 'abort')).toHaveLength(0);
});

test('an aborted signal ends a pool, and every job that it is given', async () => {
  const controller = new AbortController();
  const pool = poolOn(controller.signal);
  controller.abort(new Error('enough'));
  await expect(pool.run('anything')).rejects.toThrow('enough');
  await pool.close();
});
