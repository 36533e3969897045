/**
 * Where the index of runs lies. All of it is made from the runs themselves and can be made again.
 *
 * `pages/` hold the entries of up to a thousand runs each, so that a list of thousands is read with a few requests; their
 * numbers are written so that the latest comes first. `active/` holds an object for every run that is not at its end, made
 * before the run and removed when its end stands in the page: where markers and entries disagree, a writer was killed.
 */
export const INDEX = 'index/runs/';
export const ACTIVE = `${INDEX}active/`;
export const PAGES = `${INDEX}pages/`;
/** Present once the index holds every run of the store. */
export const BUILT = `${INDEX}built`;

const HIGHEST_PAGE = 999_999;
const DIGITS = 6;

export function pageKey(page: number): string {
  return `${PAGES}${String(HIGHEST_PAGE - page).padStart(DIGITS, '0')}.json`;
}

export function pageOfKey(key: string): number {
  return HIGHEST_PAGE - Number(key.slice(PAGES.length, PAGES.length + DIGITS));
}

/** Tells that a run is active in its `generation`: how often it was woken. */
export interface ActiveMarker {
  id: string;
  generation: number;
  /** Page that its entry belongs to. */
  page: number;
}

export function markerKey({ id, generation, page }: ActiveMarker): string {
  return `${ACTIVE}${id}/${generation}-${page}`;
}

export function markerOfKey(key: string): ActiveMarker | undefined {
  const [, id = '', generation, page] = /^([^/]+)\/(\d+)-(\d+)$/.exec(key.slice(ACTIVE.length)) ?? [];
  return id === '' ? undefined : { id, generation: Number(generation), page: Number(page) };
}
