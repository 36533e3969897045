import { basename } from 'node:path';
import { type Dataset, loadDataset } from '@hubfuse/evaluate';
import type { Registry } from '@hubfuse/plugin';
import type { Calibration } from '@hubfuse/recipe';
import type { PinnedCalibration } from './statistics-plan.ts';

/** Reads the examples that a calibration selects. @throws EvaluationError that names file, and row or column */
export async function loadCalibration(options: {
  calibration: Calibration;
  data: PinnedCalibration;
  /** The file of examples on this disk. */
  file: string;
  task: string;
  registry: Registry;
}): Promise<Dataset> {
  const { calibration, data, file, task, registry } = options;
  const { columns, format, split, limit, seed } = calibration;
  return await loadDataset({
    ...{ name: basename(data.path).replace(/\.[^.]+$/, ''), source: { path: file }, task, registry },
    ...{ columns, reader: format, split, limit, seed },
  });
}
