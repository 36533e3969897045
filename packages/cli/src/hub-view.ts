import type { HubEvent } from '@hubfuse/hub';
import type { Output } from './output.ts';
import { formatDuration } from './units.ts';

/**
 * Shows what a Hub is doing: one bar for all files of a download, a line for everything else.
 * @param totals of the download; absent where files are only opened
 */
export function showHub(
  output: Output,
  totals: { label: string; bytes: number } = { label: 'download', bytes: 0 },
): (event: HubEvent) => void {
  const received = new Map<string, number>();
  return (event) => {
    if (output.json && event.type !== 'download' && event.type !== 'upload')
      output.event({ event: event.type, ...event });
    switch (event.type) {
      case 'download':
        received.set(event.path, event.received);
        output.progress({
          label: totals.label,
          done: [...received.values()].reduce((sum, bytes) => sum + bytes, 0),
          total: totals.bytes,
          unit: 'bytes',
        });
        return;
      case 'upload':
        output.progress({
          label: totals.label,
          detail: `${event.state} ${event.path}`,
          done: Math.round(event.progress * 100),
          total: 100,
          unit: 'steps',
        });
        return;
      case 'retry':
        output.note(
          `${event.request} failed (${event.reason}); trying again in ${formatDuration(event.pauseMs / 1000)}`,
        );
        return;
      case 'renamed':
        output.note(`${event.from} is called ${event.to} now`);
        return;
      case 'notice':
        output.note(event.message);
    }
  };
}
