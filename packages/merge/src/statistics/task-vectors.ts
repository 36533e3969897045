import type { Block, StoredRow } from '@hubfuse/plugin';

/** A block's rows as they are stored where kernels take them so, else in float32; finite either way. */
export function storedRows(block: Block): { base: StoredRow; models: readonly StoredRow[] } {
  return block.bfloat16?.checked() ?? block;
}

/** The task vector of one of a block's models, in a scratch row. */
export function taskVector(block: Block, model: number): Float32Array {
  const row = block.scratch();
  block.kernels.subtract(row, block.models[model] as Float32Array, block.base);
  return row;
}

/** The task vectors (model minus base) of a block's models, in scratch rows. */
export function taskVectors(block: Block): Float32Array[] {
  return block.models.map((_, model) => taskVector(block, model));
}

/** Whether no model has moved any of a block's values: comparing bytes is far cheaper than any arithmetic. */
export function isUnmoved({ base, models }: { base: StoredRow; models: readonly StoredRow[] }): boolean {
  // Most blocks have moved, and views of bytes take longer to make than one look.
  if (models.some((row) => row[0] !== base[0])) return false;
  const bytes = (row: StoredRow) => Buffer.from(row.buffer, row.byteOffset, row.byteLength);
  const still = bytes(base);
  return models.every((row) => still.equals(bytes(row)));
}

/** The values of one per-model number, in the order of the block's models. */
export function modelNumbers(block: Block, name: string): number[] {
  return block.parameters.models.map((values) => values[name] as number);
}

/** Whether an option is on for the block's tensor. */
export function tensorOption({ parameters }: Pick<Block, 'parameters'>, name: string): boolean {
  return parameters.global[name] === true;
}

/** A number that holds for the block's tensor. */
export function tensorNumber(block: Block, name: string): number {
  return block.parameters.global[name] as number;
}
