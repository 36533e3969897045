import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type FetchOptions,
  fetchModel,
  type HubEvent,
  type HubOptions,
  openDataset,
  openFetchPool,
} from '@hubfuse/hub';
import { RunError } from '@hubfuse/plugin';
import { isDonorFile } from './donor-files.ts';
import { reopenModel } from './resolve/open-inputs.ts';
import { sha256 } from './resolve/pin-data.ts';
import type { PinnedData, PinnedModel, RunPlan } from './run-plan.ts';

/** Where the files of a plan lie on this machine. */
export interface LocalInputs {
  /** Folder of each model, in the order of `RunPlan.models`. */
  folders: readonly string[];
  /** Path of each file of examples, in the order of `RunPlan.data`. */
  data: readonly string[];
}

const INDEX = 'model.safetensors.index.json';
const WEIGHTS = /^(?:heads\/)?[^/]+\.safetensors$/;

/** Which files of weights are wanted: `model` is an index into `RunPlan.models`. */
export type WantedWeights = (place: { model: number; path: string }) => boolean;

const ALL: WantedWeights = () => true;

/** Whether a run reads a file of a model: exports of other formats and training leftovers stay where they are. */
export function isRead(path: string): boolean {
  return path === 'config.json' || path === INDEX || WEIGHTS.test(path) || isDonorFile(path);
}

function isWanted(wanted: WantedWeights, place: { model: number; path: string }): boolean {
  return isRead(place.path) && (!WEIGHTS.test(place.path) || wanted(place));
}

/**
 * Brings models and data of a plan onto this disk, all at the same time over `HubOptions.connections`. Done before, it
 * costs no transfer.
 * @throws HubError, RunError `run/input-changed` where a local file is no longer what was planned.
 */
export async function fetchInputs(options: {
  plan: Pick<RunPlan, 'models' | 'data'>;
  hub: HubOptions;
  /** Default: all. */
  weights?: WantedWeights | undefined;
  /** Bytes of all files that are on disk so far, and in all. */
  onProgress?: ProgressListener | undefined;
}): Promise<LocalInputs> {
  const { plan, hub, weights = ALL, onProgress } = options;
  const tally = new DownloadTally(plan.models, weights, onProgress);
  // The first failure stops what else is under way: gigabytes would come for nothing.
  const stop = new AbortController();
  const signal = hub.signal === undefined ? stop.signal : AbortSignal.any([hub.signal, stop.signal]);
  const watched = { ...hub, signal, onProgress: tally.watch(hub.onProgress), pool: openFetchPool(hub.connections) };
  const orStop = (failure: unknown): never => {
    stop.abort(failure);
    throw failure;
  };
  // A base that is one of the models as well is fetched once.
  const fetched = new Map<string, Promise<string>>();
  const keyOf = (model: PinnedModel): string => model.path ?? `${model.name}@${model.revision}`;
  const folders = plan.models.map((model) => {
    const key = keyOf(model);
    const places = plan.models.flatMap((other, index) => (keyOf(other) === key ? [index] : []));
    const wanted = (path: string): boolean => places.some((place) => isWanted(weights, { model: place, path }));
    const folder = fetched.get(key) ?? fetchOne(model, { ...watched, files: ({ path }) => wanted(path) }).catch(orStop);
    fetched.set(key, folder);
    return folder;
  });
  const data = fetchData(plan.data, watched).catch(orStop);
  await Promise.allSettled([...folders, data]);
  stop.signal.throwIfAborted();
  return { folders: await Promise.all(folders), data: await data };
}

/** Whether everything still lies where it was fetched to: a cache may have been cleared meanwhile. */
export function areThere(
  { folders, data }: LocalInputs,
  plan: Pick<RunPlan, 'models'>,
  weights: WantedWeights = ALL,
): boolean {
  const files = plan.models.flatMap(({ files }, index) =>
    files
      .filter(({ path }) => isWanted(weights, { model: index, path }))
      .map(({ path }) => join(folders[index] ?? '', path)),
  );
  return [...files, ...data].every((path) => existsSync(path));
}

async function fetchOne(model: PinnedModel, hub: FetchOptions): Promise<string> {
  return await fetchModel(await reopenModel(model, hub), hub);
}

async function fetchData(data: readonly PinnedData[], hub: FetchOptions): Promise<string[]> {
  const folders = new Map<string, string>();
  for (const { kind, repo, revision, requestedRevision } of data) {
    const key = `${repo}@${revision}`;
    if (kind !== 'hub' || repo === undefined || folders.has(key)) continue;
    const source = await openDataset({ kind: 'hub', repo, revision, requestedRevision }, hub);
    const wanted = data.filter((file) => file.repo === repo && file.revision === revision).map(({ path }) => path);
    folders.set(key, await fetchModel(source, { ...hub, files: [...new Set(wanted)] }));
  }
  const paths: string[] = [];
  for (const file of data) {
    if (file.kind === 'local') await requireSameData(file);
    paths.push(file.kind === 'local' ? file.path : join(folders.get(`${file.repo}@${file.revision}`) ?? '', file.path));
  }
  return paths;
}

/** @throws RunError `run/input-changed` where a local file of examples is no longer what was planned. */
export async function requireSameData(file: PinnedData): Promise<void> {
  const bytes = await readFile(file.path).catch(() => undefined);
  if (bytes !== undefined && sha256(bytes) === file.sha256) return;
  throw new RunError({
    code: 'run/input-changed',
    where: file.path,
    message:
      bytes === undefined ? 'the file is gone since the run was planned' : 'the file changed since the run was planned',
    hint: 'start a fresh run to score on what stands there now',
  });
}

type ProgressListener = (progress: { label: string; done: number; total: number }) => void;

/** Adds the events of single files up to one figure. */
class DownloadTally {
  readonly #received = new Map<string, number>();
  readonly #underWay = new Set<string>();
  readonly #total: number;
  readonly #onProgress: ProgressListener | undefined;

  constructor(models: readonly PinnedModel[], weights: WantedWeights, onProgress: ProgressListener | undefined) {
    this.#total = models
      .flatMap(({ kind, files }, model) => (kind === 'hub' ? files.map((file) => ({ ...file, model })) : []))
      .reduce((sum, { size, ...place }) => (isWanted(weights, place) ? sum + size : sum), 0);
    this.#onProgress = onProgress;
  }

  watch(next: ((event: HubEvent) => void) | undefined): (event: HubEvent) => void {
    return (event) => {
      next?.(event);
      if (event.type !== 'download') return;
      const file = `${event.repo}/${event.path}`;
      this.#received.set(file, event.received);
      if (event.received < event.size) this.#underWay.add(file);
      else this.#underWay.delete(file);
      const done = [...this.#received.values()].reduce((sum, bytes) => sum + bytes, 0);
      const others = [...this.#underWay].filter((other) => other !== file).length;
      const label = others === 0 ? file : `${file} and ${others} more`;
      this.#onProgress?.({ label, done, total: Math.max(done, this.#total) });
    };
  }
}
