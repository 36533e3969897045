/** What says how old a run is. */
export interface Dated {
  /** ISO 8601, to the millisecond. */
  createdAt: string;
  id: string;
}

/** Orders runs, the earliest first. Those of one millisecond are ordered by id, so that every reader sees one order. */
export function compareAge(one: Dated, other: Dated): number {
  return compare(one.createdAt, other.createdAt) || compare(one.id, other.id);
}

function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
