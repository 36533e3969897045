import { encodeHeader, planShards, type TensorLayout } from '@hubfuse/tensors';
import type { PlannedOutput } from './merge-plan.ts';

/** Where a tensor goes. */
export interface Place {
  output: number;
  offset: number;
}

/** Spreads the tensors over output files and gives each its final position. */
export function layOut<T extends TensorLayout>(options: {
  tensors: readonly T[];
  metadata: Readonly<Record<string, string>>;
  shardSize: number | undefined;
}): { tensors: { tensor: T; place: Place }[]; outputs: PlannedOutput[]; index?: string } {
  const { shards, index } = planShards(options.tensors, options.shardSize);
  const tensors: { tensor: T; place: Place }[] = [];
  const outputs = shards.map((shard, output) => {
    const header = encodeHeader({ tensors: shard.tensors, metadata: options.metadata });
    shard.tensors.forEach((tensor, i) => {
      tensors.push({ tensor, place: { output, offset: header.offsets[i] as number } });
    });
    return { path: shard.file, size: header.fileSize };
  });
  return index === undefined ? { tensors, outputs } : { tensors, outputs, index };
}
