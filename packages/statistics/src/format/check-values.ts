import { type ModelStatistics, StatisticsError, type StoredStatistic } from '@hubfuse/plugin';
import { dtypeBytes, toFloat32, toFloat64 } from '@hubfuse/tensors';
import { gramWidth, triangleOffset } from './triangle.ts';

/** Elements that are looked at in one piece. */
const CHUNK_ELEMENTS = 1 << 20;

/**
 * Reads all values once and refuses those that no statistic can have: NaN, infinity, a negative square.
 * @throws StatisticsError `statistics/value` naming the entry
 */
export async function checkValues(statistics: ModelStatistics, signal?: AbortSignal): Promise<void> {
  for (const stored of statistics.tensors.values()) await checkEntry(statistics, stored, signal);
}

async function checkEntry(
  { source, path, kind }: ModelStatistics,
  stored: StoredStatistic,
  signal: AbortSignal | undefined,
): Promise<void> {
  const size = dtypeBytes(stored.dtype);
  const length = stored.bytes / size;
  const isSquare = kind === 'gram' ? diagonal(stored.shape) : () => true;
  for (let first = 0; first < length; first += CHUNK_ELEMENTS) {
    signal?.throwIfAborted();
    const start = stored.offset + first * size;
    const end = start + Math.min(CHUNK_ELEMENTS, length - first) * size;
    const bytes = await source.read(path, { start, end });
    const values = stored.dtype === 'F64' ? toFloat64(bytes, 'F64') : toFloat32(bytes, stored.dtype);
    for (let index = 0; index < values.length; index++) {
      const value = values[index] ?? Number.NaN;
      if (Number.isFinite(value) && (value >= 0 || !isSquare(first + index))) continue;
      throw new StatisticsError({
        code: 'statistics/value',
        where: `${source.name}/${path}`,
        message: `"${stored.name}" holds ${value} at position ${first + index}, which no ${kind === 'gram' ? 'second moment' : 'squared gradient'} can be`,
        hint: 'the model overflows on this data, or the file is damaged: gather the statistics anew',
      });
    }
  }
}

/** Tells the positions of the diagonal, whose entries are means of squares. */
function diagonal(shape: readonly number[]): (position: number) => boolean {
  const width = gramWidth(shape) ?? 0;
  if (shape.length === 2) return (position) => position % (width + 1) === 0;
  const positions = new Set(Array.from({ length: width }, (_, row) => triangleOffset(width, row)));
  return (position) => positions.has(position);
}
