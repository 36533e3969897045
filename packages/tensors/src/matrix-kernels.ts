import type { MatrixKernels } from '@hubfuse/plugin';

type Call = (name: string, ...values: number[]) => number;

/** Bytes that the matrix kernels need of their own, below `rows` values of pivots. */
export interface MatrixWorkspace {
  /** Address of the space that `matrixWorkspace` of the kernels sizes. */
  address: number;
  /** Where the least pivots of a factorisation stand: room for `length` values. */
  pivots: () => Float64Array;
}

/** The float64 matrix kernels over a module's exports. */
export function matrixKernels(call: Call, workspace: MatrixWorkspace): MatrixKernels {
  return {
    multiplyAdd(out, a, b, { rows, inner, columns, scale }) {
      require(out.length >= rows * columns && a.length >= rows * inner && b.length >= inner * columns);
      const [strideOut, strideA, strideB] = [columns, inner, columns];
      const factors = [out.byteOffset, strideOut, a.byteOffset, strideA, b.byteOffset, strideB, 0] as const;
      call('matrixMultiplyAdd', ...factors, rows, inner, columns, scale, workspace.address);
    },
    addScaled(out, x, scale) {
      require(x.length === out.length);
      call('matrixAddScaled', out.byteOffset, x.byteOffset, out.length, scale);
    },
    factor(matrix, size, tolerance) {
      require(matrix.length >= size * size);
      const pivots = workspace.pivots();
      require(size <= pivots.length);
      for (let i = 0; i < size; i++) pivots[i] = tolerance * (matrix[i * size + i] as number);
      return call('matrixFactor', matrix.byteOffset, size, pivots.byteOffset, workspace.address);
    },
    solve(rows, factor, size) {
      require(factor.length >= size * size && rows.length % size === 0);
      call('matrixSolve', rows.byteOffset, rows.length / size, factor.byteOffset, size, workspace.address);
    },
  };
}

function require(condition: boolean): void {
  if (!condition) throw new RangeError('a matrix is smaller than its size says');
}
