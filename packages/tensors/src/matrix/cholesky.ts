import { FACTOR_BLOCK, type Factorisation } from '@hubfuse/plugin';
import { BlockDivision } from './divide-by-block.ts';
import { type FactorBlock, factorBlocks } from './factor-blocks.ts';
import { type MatrixModule, PIECE_ROWS } from './matrix-module.ts';
import type { Products } from './products.ts';

interface Parts {
  products: Products;
  module: MatrixModule;
}

/**
 * Cholesky by blocks of columns, left-looking: a block loses what the blocks before it explain (products), its square on the
 * diagonal is factored and inverted (a kernel), and what lies below is divided by it (products with the inverse).
 */
export async function factorMatrix(
  { products, module }: Parts,
  options: { into: Float64Array; matrix: Float64Array; size: number; tolerance: number; offDiagonal: number },
): Promise<Factorisation> {
  const { into, matrix, size, tolerance, offDiagonal } = options;
  const { call, workspace } = module;
  const blocks = factorBlocks(into, size);
  let smallest = Number.POSITIVE_INFINITY;
  for (const [index, block] of blocks.entries()) {
    const { from, width, whole, diagonal, inverse } = block;
    copyBlock(block, { matrix, size, offDiagonal });
    for (const before of blocks.slice(0, index)) {
      const rows = before.whole.subarray((from - before.from) * before.width);
      const sizes = { rows: size - from, inner: before.width, columns: width, negative: true, bFlipped: true };
      await products.add({ ...sizes, out: whole, a: rows, b: rows });
    }
    const least = workspace.pivots();
    const entry = (i: number): number => matrix[(from + i) * (size + 1)] as number;
    for (let i = 0; i < width; i++) least[i] = tolerance * entry(i);
    const failed = call('matrixFactor', diagonal.byteOffset, width, least.byteOffset, workspace.address);
    if (failed >= 0) return { failed: from + failed, smallest };
    for (let i = 0; i < width; i++) {
      smallest = Math.min(smallest, (diagonal[i * (width + 1)] as number) ** 2 / entry(i));
    }
    call('matrixInvertLower', inverse.byteOffset, diagonal.byteOffset, width);
    await new BlockDivision({ products, module, block }).rows(block.below);
  }
  return { failed: -1, smallest };
}

function copyBlock(
  { from, width, whole }: FactorBlock,
  { matrix, size, offDiagonal }: { matrix: Float64Array; size: number; offDiagonal: number },
): void {
  for (let row = from; row < size; row++) {
    whole.set(matrix.subarray(row * size + from, row * size + from + width), (row - from) * width);
  }
  if (offDiagonal === 1) return;
  for (let i = 0; i < whole.length; i++) whole[i] = (whole[i] as number) * offDiagonal;
  for (let i = 0; i < width; i++) whole[i * (width + 1)] = matrix[(from + i) * (size + 1)] as number;
}

/** Rows are solved as columns of their transpose, some at a time: each block then lies in one piece, below the other. */
export async function solveRows(
  { products, module }: Parts,
  options: { rows: Float64Array; factor: Float64Array; size: number; room: Float64Array },
): Promise<void> {
  const { rows, factor, size, room } = options;
  const { call } = module;
  const divisions = factorBlocks(factor, size).map((block) => ({
    block,
    division: new BlockDivision({ products, module, block }),
  }));
  // The room for a block's quotient holds as many columns as a full block has.
  const most = Math.min(PIECE_ROWS, Math.floor(room.length / size));
  for (let at = 0; at < rows.length; at += most * size) {
    const some = rows.subarray(at, Math.min(rows.length, at + most * size));
    const columns = some.length / size;
    const x = room.subarray(0, some.length);
    call('matrixTranspose', x.byteOffset, some.byteOffset, columns, size);
    for (const { block, division } of divisions) {
      const { from, width, below } = block;
      const own = x.subarray(from * columns, (from + width) * columns);
      await division.columns(own, { columns, transposed: false });
      const rest = x.subarray((from + width) * columns);
      const sizes = { rows: size - from - width, inner: width, columns, negative: true };
      if (rest.length > 0) await products.add({ ...sizes, out: rest, a: below, b: own });
    }
    for (const { block, division } of [...divisions].reverse()) {
      const { from, width, below } = block;
      const own = x.subarray(from * columns, (from + width) * columns);
      const rest = x.subarray((from + width) * columns);
      const sizes = { rows: width, inner: size - from - width, columns, negative: true, aFlipped: true };
      if (rest.length > 0) await products.add({ ...sizes, out: own, a: below, b: rest });
      await division.columns(own, { columns, transposed: true });
    }
    call('matrixTranspose', some.byteOffset, x.byteOffset, size, columns);
  }
}

/** Values that a block's quotient may take. */
export const PIECE_VALUES = PIECE_ROWS * FACTOR_BLOCK;
