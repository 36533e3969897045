import { getJson, toJson } from '@hubfuse/objects';
import type { ObjectStore } from '@hubfuse/plugin';
import { listRuns, type RunSpec, type RunState, readRun } from '@hubfuse/runs';

/** What runs of a store were asked for, the earliest first. */
export async function specsOf(store: ObjectStore): Promise<RunSpec[]> {
  const runs = await listRuns({ store });
  const specs = await Promise.all(runs.map(async ({ id }) => (await readRun({ store, runId: id })).spec));
  return specs.sort((a, b) => (a.createdAt < b.createdAt ? -1 : 1));
}

/** Puts a run into a state, as the process that executes it does. */
export async function setState(store: ObjectStore, runId: string, change: Partial<RunState>): Promise<void> {
  const key = `runs/${runId}/state.json`;
  const raw = JSON.parse(Buffer.from((await store.get(key))?.body ?? []).toString()) as { format: number };
  const found = await getJson<RunState>(store, key, { version: raw.format });
  await store.put(key, toJson({ ...found?.value, ...change }, { version: raw.format }));
}

/** Puts a report beside a run that is done. */
export async function setReport(store: ObjectStore, runId: string, report: object): Promise<void> {
  await store.put(
    `runs/${runId}/report.json`,
    toJson({ run: runId, published: [], files: [], warnings: [], ...report }),
  );
}
