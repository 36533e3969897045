import { rm } from 'node:fs/promises';
import { basename } from 'node:path';
import { HUBFUSE_VERSION, requireFreeBytes } from '@hubfuse/hub';
import type { StatisticRequest } from '@hubfuse/plugin';
import type { Calibration } from '@hubfuse/recipe';
import {
  checkStatistics,
  expectedShapes,
  findMeasure,
  type GatheringLimits,
  type GatherProgress,
  gatherStatistics,
  type MeasuredModel,
  planGathering,
  readStatistics,
} from '@hubfuse/statistics';
import { loadCalibration } from './load-calibration.ts';
import { fileSource } from './open-statistics.ts';
import type { PlannedGathering } from './statistics-plan.ts';

/** Which rows a calibration reads, and as what. */
export interface CalibrationRows {
  calibration: Calibration;
  gather: Pick<PlannedGathering, 'data' | 'task'>;
  /** The file of examples on this disk, and its SHA-256. */
  file: string;
  sha256: string;
}

/**
 * Gathers the statistics of one model on this disk, and checks that they are whole.
 * @returns SHA-256 of the file
 */
export async function gatherModel(options: {
  model: MeasuredModel;
  modelSha256: string;
  /** Commit of the model. */
  revision?: string | undefined;
  request: StatisticRequest;
  rows: CalibrationRows;
  /** Where the file goes. */
  path: string;
  limits: GatheringLimits;
  signal?: AbortSignal | undefined;
  onProgress?: ((progress: GatherProgress) => void) | undefined;
}): Promise<string> {
  const { model, modelSha256, revision, rows, path, limits, signal, onProgress } = options;
  const { calibration, gather, file, sha256: datasetSha256 } = rows;
  const { measure, request } = findMeasure(options.request);
  const { split, maxLength } = calibration;
  const { repo, revision: datasetRevision, path: dataPath } = gather.data;
  const { registry } = model;
  const dataset = await loadCalibration({ calibration, ...gather, file, registry });
  const plan = planGathering({ model, measure, request, limits: { ...limits, maxLength } });
  await requireFreeBytes({
    ...{ path, bytes: plan.diskBytes, purpose: `the statistics of ${model.name}` },
    hint: 'make room, or keep the state of hubfuse on a larger disk (HUBFUSE_HOME)',
  });
  const { sha256 } = await gatherStatistics({
    ...{ model, measure, plan, dataset, path, maxLength, signal, onProgress },
    origin: {
      ...{ model: model.name, modelSha256, datasetSha256, version: HUBFUSE_VERSION },
      dataset: repo === undefined ? basename(dataPath) : `${repo}/${dataPath}`,
      ...(revision === undefined ? {} : { revision }),
      ...(datasetRevision === undefined ? {} : { datasetRevision }),
      ...(split === undefined ? {} : { split }),
    },
  });
  const written = await readStatistics({ source: await fileSource(path), path: basename(path), request });
  try {
    checkStatistics(written, {
      ...{ model: model.name, modelSha256, calibration },
      expected: expectedShapes(plan.measurement, request.kind),
    });
  } catch (error) {
    // A file that stays is taken, unchecked, by the next run with the same options.
    await rm(path, { force: true });
    throw error;
  }
  return sha256;
}
