import type { RunFeeds } from '../feed/run-feeds.ts';
import type { Metrics } from './metrics.ts';

/** Registers the figures of this process, by the names that Prometheus' own clients use. */
export function processFigures(metrics: Metrics, feeds: RunFeeds): void {
  const started = Date.now() / 1000 - process.uptime();
  const one = (read: () => number) => async () => ({ '': read() });
  metrics.gauge(
    'hubfuse_event_streams',
    'Clients that follow a run at this moment.',
    one(() => feeds.open),
  );
  metrics.gauge(
    'process_resident_memory_bytes',
    'Memory in use.',
    one(() => process.memoryUsage.rss()),
  );
  metrics.gauge(
    'process_start_time_seconds',
    'When the process started, since 1970.',
    one(() => started),
  );
}
