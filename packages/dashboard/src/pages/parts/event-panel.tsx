import { useState } from 'preact/hooks';
import type { Connection } from '../api/follow-run.ts';
import type { RunEvent } from '../api/types.ts';
import { describeEvent } from '../text/describe-event.ts';
import { sentence } from './problem-notice.tsx';
import { ScrollRegion } from './scroll-region.tsx';

const CONNECTIONS: Readonly<Record<Connection, string>> = {
  connecting: 'Connecting',
  open: 'Live',
  waiting: 'Connection lost, trying again',
  over: 'Complete',
};
/** Lines that are shown at first. */
const FIRST_LINES = 60;

/** What happened, the newest first. Candidates of a search are left to its plot. */
export function EventPanel({ events, connection }: { events: readonly RunEvent[]; connection: Connection }) {
  const [all, setAll] = useState(false);
  const told = events.filter(({ type }) => type !== 'search').toReversed();
  const shown = all ? told : told.slice(0, FIRST_LINES);
  return (
    <section class="panel" aria-labelledby="events-title">
      <header>
        <h2 id="events-title">Events</h2>
        <span class={`live ${connection}`} role="status">
          {CONNECTIONS[connection]}
        </span>
      </header>
      <ScrollRegion class="events" label="Events, the newest first">
        <ol reversed>
          {shown.map((event) => (
            <li key={event.number}>
              <time dateTime={event.time} title={new Date(event.time).toLocaleString('en-GB')}>
                {new Date(event.time).toLocaleTimeString('en-GB')}
              </time>
              <span class={event.type}>{sentence(describeEvent(event)).replace(/\.$/, '')}</span>
            </li>
          ))}
        </ol>
        {told.length === 0 && <p class="soft">Nothing yet.</p>}
      </ScrollRegion>
      {told.length > shown.length && (
        <button type="button" class="link" onClick={() => setAll(true)}>
          Show all {told.length}
        </button>
      )}
    </section>
  );
}
