import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { defineReader, EvaluationError, type Example } from '@hubfuse/plugin';
import type { AsyncBuffer, Compressors, FileMetaData } from 'hyparquet';

/** Parquet, pages uncompressed or compressed with Snappy, GZIP or Brotli. */
export default defineReader({
  name: 'parquet',
  extensions: ['.parquet'],
  async read(bytes, where) {
    const { parquetMetadataAsync, parquetReadObjects } = await import('hyparquet');
    const file: AsyncBuffer = {
      byteLength: bytes.byteLength,
      slice: (start, end) => Uint8Array.from(bytes.subarray(start, end ?? bytes.byteLength)).buffer,
    };
    try {
      const metadata = await parquetMetadataAsync(file);
      const found = (await parquetReadObjects({ file, metadata, compressors: COMPRESSORS })) as Example[];
      const rows = found.map((row) => plainValue(row) as Example);
      const classNames = classNamesOf(metadata);
      return classNames === undefined ? { rows } : { rows, classNames };
    } catch (cause) {
      throw new EvaluationError({
        code: 'evaluate/malformed-data',
        where,
        message: `the file cannot be read as Parquet: ${cause instanceof Error ? cause.message : String(cause)}`,
        hint: 'uncompressed, Snappy, GZIP and Brotli pages can be read',
        cause,
      });
    }
  },
});

const COMPRESSORS: Compressors = {
  GZIP: (input) => gunzipSync(input),
  BROTLI: (input) => brotliDecompressSync(input),
};

/** 64-bit integers become numbers: labels and split indices are small. */
function plainValue(value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value);
  if (Array.isArray(value)) return value.map(plainValue);
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value) || value instanceof Date) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plainValue(inner)]));
}

interface Feature {
  _type?: string;
  names?: unknown;
  feature?: Feature;
}

/** The names behind integer labels, which the Hub's datasets library keeps under the key `huggingface`. */
function classNamesOf(metadata: FileMetaData): Record<string, string[]> | undefined {
  const text = metadata.key_value_metadata?.find(({ key }) => key === 'huggingface')?.value;
  if (text === undefined) return undefined;
  const { info } = JSON.parse(text) as { info?: { features?: Record<string, Feature> } };
  const names: Record<string, string[]> = {};
  for (const [column, feature] of Object.entries(info?.features ?? {})) {
    const label = feature.feature ?? (Array.isArray(feature) ? (feature[0] as Feature) : feature);
    if (label._type === 'ClassLabel' && Array.isArray(label.names)) names[column] = label.names.map(String);
  }
  return names;
}
