import type { RunEvent } from '../api/types.ts';
import { phaseTitle } from './state-words.ts';
import { formatBytes, formatDuration, percent } from './units.ts';

/** One line for an event. */
export function describeEvent(event: RunEvent): string {
  switch (event.type) {
    case 'started':
      return event.resumedAt === undefined ? 'Started' : `Resumed at ${phaseTitle(event.resumedAt).toLowerCase()}`;
    case 'phase-started':
      return `${phaseTitle(event.phase)} began`;
    case 'phase-done':
      return `${phaseTitle(event.phase)} done in ${formatDuration(event.seconds)}`;
    case 'pinned':
      return event.revision === undefined
        ? `Found ${event.name}`
        : `Pinned ${event.name} to ${event.revision.slice(0, 12)}`;
    case 'warning':
      return event.message;
    case 'scored':
      return `Scored ${event.name} on ${event.split === 'dev' ? 'development' : 'test'} data: ${percent(event.mean)}${event.cached ? ', known already' : ''}`;
    case 'search':
      return describeSearch(event.search);
    case 'gate':
      return `Gate ${event.gate.met ? 'met' : 'not met'}: ${event.gate.explanation}`;
    case 'artefact': {
      const { name, size } = event.artefact;
      return `Made ${name}${size === undefined ? '' : `, ${formatBytes(size)}`}`;
    }
    case 'published':
      return `${event.result.already ? 'Was published already' : 'Published'}: ${event.result.url}`;
    case 'cancelled':
      return 'Cancelled';
    case 'failed':
      return event.error.message;
    case 'done':
      return event.published ? 'Done' : 'Done, nothing published';
    default:
      // A newer server may tell of more.
      return (event as { type: string }).type;
  }
}

function describeSearch(search: Extract<RunEvent, { type: 'search' }>['search']): string {
  switch (search.type) {
    case 'resumed':
      return `Search resumed after ${search.decisions} decisions`;
    case 'initial':
      return `Start ${search.record.name}: ${percent(search.record.verdict.score)}`;
    case 'candidate': {
      const { number, accepted } = search.record;
      return `Candidate ${number + 1} ${accepted ? 'accepted' : 'rejected'}, best ${percent(search.best)}`;
    }
    case 'ended':
      return `Search ended (${search.reason}), best ${percent(search.best)}`;
  }
}
