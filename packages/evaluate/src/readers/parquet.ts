import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { defineReader, EvaluationError, type Example } from '@hubfuse/plugin';
import type { AsyncBuffer, Compressors, FileMetaData } from 'hyparquet';

/** Parquet, pages uncompressed or compressed with Snappy, GZIP, Brotli or Zstandard. */
export default defineReader({
  name: 'parquet',
  extensions: ['.parquet'],
  async read(bytes, where) {
    const { parquetMetadataAsync, parquetReadObjects } = await import('hyparquet');
    // zlib of Node.js knows Zstandard from 22.15 on; hubfuse runs on 20 too.
    const { decompress } = await import('fzstd');
    const compressors: Compressors = {
      GZIP: (input) => gunzipSync(input),
      BROTLI: (input) => brotliDecompressSync(input),
      ZSTD: (input) => decompress(input),
    };
    const file: AsyncBuffer = {
      byteLength: bytes.byteLength,
      slice: (start, end) => Uint8Array.from(bytes.subarray(start, end ?? bytes.byteLength)).buffer,
    };
    try {
      const metadata = await parquetMetadataAsync(file);
      const found = (await parquetReadObjects({ file, metadata, compressors })) as Example[];
      const rows = found.map((row) => plainValue(row) as Example);
      const classNames = classNamesOf(metadata);
      return classNames === undefined ? { rows } : { rows, classNames };
    } catch (cause) {
      throw new EvaluationError({
        code: 'evaluate/malformed-data',
        where,
        message: `the file cannot be read as Parquet: ${cause instanceof Error ? cause.message : String(cause)}`,
        hint: remedy(bytes),
        cause,
      });
    }
  },
});

/** Every Parquet file begins and ends with these bytes. */
const MAGIC = Buffer.from('PAR1');

function remedy(bytes: Uint8Array): string {
  if (!MAGIC.equals(bytes.subarray(0, MAGIC.length))) {
    return 'it does not begin as Parquet: check its format, and that it is no pointer of Git LFS';
  }
  if (!MAGIC.equals(bytes.subarray(-MAGIC.length)))
    return 'the file is cut: its end is missing; download or copy it again';
  return 'uncompressed, Snappy, GZIP, Brotli and Zstandard pages can be read';
}

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
