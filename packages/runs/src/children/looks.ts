/** Milliseconds between two looks at what stands in a store: longer while nothing changes. */
export const LOOK_MS = { least: 200, most: 2_000 };

/** The pause after one of that length: the shortest again once something has happened. */
export function nextPause(pause: number, happened: boolean): number {
  return happened ? LOOK_MS.least : Math.min(LOOK_MS.most, pause * 1.5);
}
