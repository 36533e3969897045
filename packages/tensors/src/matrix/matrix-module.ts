/** Calls a kernel by name, with addresses and sizes. */
export type Call = (name: string, ...values: number[]) => number;

/** Memory that the matrix kernels need of their own. */
export interface MatrixWorkspace {
  /** Address of the space that `matrixWorkspace` of the kernels sizes. */
  address: number;
  /** Where the least pivots of a block stand: room for a block's columns. */
  pivots(): Float64Array;
  /** Room for what a block is multiplied into: `PIECE_ROWS` rows of a block's columns. */
  piece(): Float64Array;
}

export interface MatrixModule {
  call: Call;
  workspace: MatrixWorkspace;
}

/** Rows that are multiplied by the inverse of a block at a time. */
export const PIECE_ROWS = 512;
