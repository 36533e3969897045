import type { Kernels, StoredRow } from '@hubfuse/plugin';
import { kernelFor, type RowTable } from './row-table.ts';

const MODES = { sum: 0, mean: 1, max: 2 } as const;

/** The kernels that work on several rows at once: weighted sums, task arithmetic and the consensus of TIES. */
export function consensusKernels(
  raw: Readonly<Record<string, (...values: number[]) => number>>,
  table: RowTable,
): Pick<Kernels, 'weightedSum' | 'addTaskVectors' | 'elect' | 'electTrimmed' | 'trimmedSigns'> {
  const call = (name: string, ...values: number[]): number => (raw[name] as (...values: number[]) => number)(...values);
  return {
    weightedSum(out, rows, weights) {
      const filled = table.fill(rows, weights);
      const kernel = kernelFor('weightedSum', rows[0] as StoredRow);
      call(kernel, out.byteOffset, filled.rows, filled.wideWeights, rows.length, out.length);
    },
    addTaskVectors(out, { base, models }, weights) {
      const { rows, wideWeights } = table.fill(models, weights);
      const kernel = kernelFor('addTaskVectors', base);
      call(kernel, out.byteOffset, base.byteOffset, rows, wideWeights, models.length, out.length);
    },
    elect(out, rows, weights, { merge, zero }) {
      const filled = table.fill(rows, weights);
      call('elect', out.byteOffset, filled.rows, filled.weights, rows.length, out.length, MODES[merge], zero);
    },
    electTrimmed(out, { base, models, thresholds, scales, weights }, { merge, zero, lambda }) {
      const filled = table.fill(models, weights);
      const numbers = [
        table.numbers('thresholds', thresholds, models),
        table.numbers('scales', scales, models),
        filled.weights,
      ] as const;
      const rows = [out.byteOffset, base.byteOffset, filled.rows] as const;
      call(kernelFor('electTrimmed', base), ...rows, ...numbers, models.length, out.length, MODES[merge], zero, lambda);
    },
    trimmedSigns({ base, models, thresholds, weights }) {
      const { rows, wideWeights } = table.fill(models, weights);
      const limits = table.numbers('thresholds', thresholds, models);
      const counts = table.pair(Uint32Array).fill(0);
      const kernel = kernelFor('trimmedSigns', base);
      call(kernel, base.byteOffset, rows, limits, wideWeights, models.length, base.length, counts.byteOffset);
      return { negative: counts[0] ?? 0, zero: counts[1] ?? 0 };
    },
  };
}
