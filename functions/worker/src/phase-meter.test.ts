import type { DownloadEvent } from '@hubfuse/hub';
import type { RunEvent } from '@hubfuse/runs';
import { expect, test } from 'vitest';
import { PhaseMeter } from './phase-meter.ts';

const event = (body: object) => ({ number: 1, time: '', ...body }) as RunEvent;
const download = (path: string, state: DownloadEvent['state'], received: number): DownloadEvent => ({
  ...{ type: 'download', repo: 'you/model', path, state, received },
  size: 100,
});

test('only what came over the network counts as downloaded, for the phase in which it came', () => {
  let now = 1000;
  const meter = new PhaseMeter(() => now);
  meter.hearRun(event({ type: 'phase-started', phase: 'fetch' }));
  meter.hearHub(download('cached', 'cached', 100));
  meter.hearHub(download('resumed', 'resumed', 40));
  meter.hearHub(download('resumed', 'receiving', 70));
  meter.hearHub(download('resumed', 'verified', 100));
  meter.hearHub(download('fresh', 'started', 0));
  meter.hearHub(download('fresh', 'receiving', 100));
  now = 3500;
  const figures = meter.hearRun(event({ type: 'phase-done', phase: 'fetch', seconds: 9 }));
  expect(figures).toEqual({ phase: 'fetch', seconds: 2.5, downloaded: 160, sent: 0 });
  meter.hearRun(event({ type: 'phase-started', phase: 'publish' }));
  for (const done of [10, 50]) meter.hearProgress({ phase: 'publish', label: 'x', done, total: 50, unit: 'bytes' });
  expect(meter.hearRun(event({ type: 'phase-done', phase: 'publish', seconds: 1 }))).toMatchObject({
    downloaded: 0,
    sent: 50,
  });
});
