import type { RunEvent } from '@hubfuse/runs';

/** An event as the service shows it: where a folder lies on the machine that worked is nobody's business. */
export function eventView(event: RunEvent): RunEvent & Record<string, unknown> {
  if (event.type !== 'artefact' || event.artefact.kind !== 'folder') return { ...event };
  return { ...event, artefact: { ...event.artefact, location: '' } };
}
