import type { Block } from '@hubfuse/plugin';

/** The task vectors (model minus base) of a block's models, in scratch rows. */
export function taskVectors(block: Block): Float32Array[] {
  return block.models.map((model) => {
    const row = block.scratch();
    block.kernels.subtract(row, model, block.base);
    return row;
  });
}

/** The values of one per-model number, in the order of the block's models. */
export function modelNumbers(block: Block, name: string): number[] {
  return block.parameters.models.map((values) => values[name] as number);
}

/** A number that holds for the block's tensor. */
export function tensorNumber(block: Block, name: string): number {
  return block.parameters.global[name] as number;
}
