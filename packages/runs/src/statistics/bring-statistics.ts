import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fetchModel, HUBFUSE_VERSION, type HubOptions, openDataset, openModel } from '@hubfuse/hub';
import { type ModelStatistics, type Registry, RunError } from '@hubfuse/plugin';
import type { Calibration, ModelEntry } from '@hubfuse/recipe';
import { checkValues, type GatherProgress, openMeasuredModel, readStatistics } from '@hubfuse/statistics';
import { sha256OfFile } from '@hubfuse/tensors';
import { gatherModel } from './gather-model.ts';
import { fileSource } from './open-statistics.ts';
import { hasSize } from './plan-statistics.ts';
import type {
  FoundStatistics,
  PinnedCalibration,
  PlannedGathering,
  PlannedModelStatistics,
} from './statistics-plan.ts';

export interface BringOptions {
  planned: PlannedModelStatistics;
  entry: ModelEntry;
  /** Folder of the model on this disk. */
  folder: string;
  /** Commit of the model. */
  revision?: string | undefined;
  /** Folder for gathered files. */
  workspace: string;
  hub: HubOptions;
  registry: Registry;
  workers?: number | undefined;
  memory?: number | undefined;
  signal?: AbortSignal | undefined;
  onProgress?: ((progress: GatherProgress) => void) | undefined;
}

/** Statistics on this disk, every value of which was looked at. */
export type LocalStatistics = ModelStatistics & { folder: string; sha256: string };

/**
 * Brings the statistics of one model onto this disk: fetched, or gathered where they are missing. What was gathered for
 * the same weights, data and options before is taken again.
 */
export async function bringStatistics(options: BringOptions): Promise<LocalStatistics> {
  const { planned, hub, signal } = options;
  const { request, found, gather } = planned;
  const path = found === undefined ? await gathered(options, gather) : await fetched(found, hub);
  const source = await fileSource(path, found?.reference ?? planned.model);
  const named = found === undefined ? source : { ...source, name: found.name };
  const statistics = await readStatistics({ source: named, path: basename(path), request });
  await checkValues(statistics, signal);
  return { ...statistics, folder: source.folder ?? '', sha256: await sha256OfFile(path, signal) };
}

async function fetched(found: FoundStatistics, hub: HubOptions) {
  const { kind, type, name, revision, requestedRevision, reference, path, file, size } = found;
  if (kind === 'hub') {
    const open = type === 'model' ? openModel : openDataset;
    const source = await open({ kind: 'hub', repo: name, revision, requestedRevision, reference }, hub);
    return join(await fetchModel(source, { ...hub, files: [file] }), file);
  }
  const local = join(path ?? '', file);
  if (await hasSize(local, size)) return local;
  throw changed(local);
}

async function gathered(options: BringOptions, gather: PlannedGathering | undefined): Promise<string> {
  const { planned, entry, folder, workspace, registry, workers, memory, signal, onProgress } = options;
  const { calibration } = entry;
  if (gather === undefined || calibration === undefined)
    throw new Error(`nothing says where ${planned.model} is measured`);
  const { model, modelSha256 } = await openMeasuredModel({ folder, name: planned.model, registry, signal });
  if (modelSha256 !== planned.modelSha256) throw changed(folder);
  const file = await bringCalibration(gather.data, options.hub);
  const dataSha256 = await sha256OfFile(file, signal);
  const path = join(
    workspace,
    'statistics',
    `${await identity({ options, gather, calibration, dataSha256 })}.safetensors`,
  );
  if (existsSync(path)) return path;
  await gatherModel({
    ...{ model, modelSha256, path, signal, onProgress },
    revision: options.revision,
    request: planned.request,
    rows: { calibration, gather, file, sha256: dataSha256 },
    limits: { workers, memory },
  });
  return path;
}

/** The file of a calibration on this disk. @throws RunError `run/input-changed`, HubError */
export async function bringCalibration(data: PinnedCalibration, hub: HubOptions): Promise<string> {
  const { kind, repo = '', revision, requestedRevision, path, sha256 } = data;
  if (kind === 'hub') {
    const source = await openDataset({ kind: 'hub', repo, revision, requestedRevision }, hub);
    return join(await fetchModel(source, { ...hub, files: [path] }), path);
  }
  if (existsSync(path) && (await sha256OfFile(path, hub.signal)) === sha256) return path;
  throw changed(path);
}

/** A word for everything that decides the bytes of a gathered file. */
async function identity(input: {
  options: BringOptions;
  gather: PlannedGathering;
  calibration: Calibration;
  dataSha256: string;
}): Promise<string> {
  const { options, gather, calibration, dataSha256 } = input;
  const { path: _, data: __, ...selection } = calibration;
  const facts = {
    ...{ model: options.planned.model, revision: options.revision, modelSha256: options.planned.modelSha256 },
    ...{ request: options.planned.request, task: gather.task, dataSha256, selection, version: HUBFUSE_VERSION },
    ...{ data: gather.data.repo ?? basename(gather.data.path) },
    tokenizer: await sha256OfFile(join(options.folder, 'tokenizer.json')),
  };
  return createHash('sha256').update(JSON.stringify(facts)).digest('hex').slice(0, 32);
}

function changed(where: string): RunError {
  return new RunError({
    code: 'run/input-changed',
    where,
    message: 'it is gone, or no longer what the run was planned with',
    hint: 'start a fresh run',
  });
}
