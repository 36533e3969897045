import { storageOrder, type TensorLayout, tensorBytes } from './encode-header.ts';

/** One output file and the tensors in it, in the order in which they are written. */
export interface Shard<T extends TensorLayout = TensorLayout> {
  /** `model.safetensors`, or `model-00001-of-0000N.safetensors`. */
  file: string;
  tensors: T[];
}

export interface ShardPlan<T extends TensorLayout = TensorLayout> {
  shards: Shard<T>[];
  /** Content of `model.safetensors.index.json`; absent where one file holds everything. */
  index?: string;
}

/**
 * Spreads tensors over files in the order given, beginning a new file where the next tensor would lift the data above
 * `shardSize`. A tensor larger than that has a file of its own.
 * @param shardSize bytes of data per file; absent: one file
 */
export function planShards<T extends TensorLayout>(
  tensors: readonly T[],
  shardSize = Number.POSITIVE_INFINITY,
): ShardPlan<T> {
  const groups = fill(tensors, shardSize);
  const shards = groups.map((group, number) => ({
    file: groups.length === 1 ? 'model.safetensors' : shardName(number + 1, groups.length),
    tensors: storageOrder(group),
  }));
  return groups.length === 1 ? { shards } : { shards, index: encodeIndex(shards) };
}

function fill<T extends TensorLayout>(tensors: readonly T[], shardSize: number): T[][] {
  let group: T[] = [];
  const groups = [group];
  let size = 0;
  for (const tensor of tensors) {
    const bytes = tensorBytes(tensor);
    if (group.length > 0 && size + bytes > shardSize) {
      group = [];
      groups.push(group);
      size = 0;
    }
    group.push(tensor);
    size += bytes;
  }
  return groups;
}

function shardName(number: number, count: number): string {
  const digits = (value: number) => String(value).padStart(5, '0');
  return `model-${digits(number)}-of-${digits(count)}.safetensors`;
}

/** As transformers writes it: `total_size` in bytes of data, names sorted. */
function encodeIndex(shards: readonly Shard[]): string {
  const homes = shards.flatMap(({ file, tensors }) => tensors.map(({ name }) => [name, file] as const));
  homes.sort(([a], [b]) => (a < b ? -1 : 1));
  const total = shards.flatMap((shard) => shard.tensors).reduce((sum, tensor) => sum + tensorBytes(tensor), 0);
  const map = homes.map(([name, file]) => `    ${JSON.stringify(name)}: ${JSON.stringify(file)}`).join(',\n');
  return `{\n  "metadata": {\n    "total_size": ${total}\n  },\n  "weight_map": {\n${map}\n  }\n}\n`;
}
