import { checkKey, toSegment } from '@hubfuse/objects';
import { RunError } from '@hubfuse/plugin';

/** Where everything about runs lies in a store. */
export const RUNS = 'runs/';

const DIGITS = 6;

/** Keys of one run. @throws RunError where the id could not have been made by hubfuse. */
export function runKeys(id: string) {
  if (id.includes('/') || id === '') {
    throw new RunError({ code: 'run/bad-id', message: `"${id}" is not the id of a run`, hint: 'ids have no slash' });
  }
  checkKey(id);
  const at = `${RUNS}${id}`;
  return {
    /** Everything about the run lies below. */
    all: `${at}/`,
    spec: `${at}/spec.json`,
    state: `${at}/state.json`,
    plan: `${at}/plan.json`,
    report: `${at}/report.json`,
    /** The process that a launcher started for it. */
    worker: `${at}/worker.json`,
    manifest: `${at}/manifest.json`,
    search: {
      /** Batches that candidates are scored in, composed once. */
      batches: `${at}/search/batches.json`,
      /** All decisions so far. */
      checkpoint: `${at}/search/checkpoint.json`,
      /** What the merge needs of what was found. */
      found: `${at}/search/found.json`,
      /** Every candidate, one JSON line each. */
      candidates: `${at}/search/candidates.jsonl`,
      report: `${at}/search/report.html`,
    },
    /** Results of every example of one row, split and dataset. */
    examples: (row: string, split: string, dataset: string) =>
      `${at}/examples/${toSegment(row)}/${split}.${toSegment(dataset)}.json`,
    /** Files of the model that are kept in the store; see `publication/kept-files.ts`. */
    files: `${at}/files/`,
    /** One of them, as one attempt to keep them writes it, whose word is its own. */
    file: (attempt: string, path: string) => `${at}/files/${attempt}/${path}`,
    /** What names all files of an attempt, once they are there. */
    fileList: (attempt: string) => `${at}/files/${attempt}.json`,
    /** What is to be published where, written before it is. */
    intent: (publisher: string, identity: string) => `${at}/intents/${toSegment(publisher)}.${identity}.json`,
    /** What several processes that share the run have to do, and what came of it; see `children/task-board.ts`. */
    tasks: `${at}/tasks/`,
    /** Bytes that were made by tasks and are too large for their results, which name them. */
    parts: `${at}/parts/`,
    events: `${at}/events/`,
    event: (number: number) => `${at}/events/${String(number).padStart(DIGITS, '0')}.json`,
  };
}

/** The number in an event's key. */
export function eventNumber(key: string): number {
  return Number(key.slice(key.lastIndexOf('/') + 1, -'.json'.length));
}
