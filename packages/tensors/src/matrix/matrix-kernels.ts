import { factorValues, type MatrixKernels } from '@hubfuse/plugin';
import { factorMatrix, solveRows } from './cholesky.ts';
import type { MatrixModule } from './matrix-module.ts';
import { kernelProducts, LARGE, type LargeProducts, type Products } from './products.ts';

/**
 * The float64 matrix kernels over a module's exports.
 * @param large who takes the products of layers that read `LARGE` values or more; absent: the module, too
 */
export function matrixKernels(module: MatrixModule, large?: LargeProducts | undefined): MatrixKernels {
  const own = kernelProducts(module);
  const productsOf = async (width: number): Promise<Products> => (width < LARGE ? own : ((await large?.()) ?? own));
  return {
    async multiplyAdd(out, a, b, size) {
      const { rows, inner, columns } = size;
      require(out.length >= rows * columns && a.length >= rows * inner && b.length >= inner * columns);
      await (await productsOf(inner)).add({ ...size, out, a, b });
    },
    addScaled(out, x, scale) {
      require(x.length === out.length);
      module.call('matrixAddScaled', out.byteOffset, x.byteOffset, out.length, scale);
    },
    async factor(into, matrix, { size, tolerance, offDiagonal = 1 }) {
      require(matrix.length >= size * size && into.length >= factorValues(size));
      const products = await productsOf(size);
      return factorMatrix({ products, module }, { into, matrix, size, tolerance, offDiagonal });
    },
    async solve(rows, factor, { size, room }) {
      require(factor.length >= factorValues(size) && rows.length % size === 0 && room.length >= size);
      const products = await productsOf(size);
      await solveRows({ products, module }, { rows, factor, size, room });
    },
  };
}

function require(condition: boolean): void {
  if (!condition) throw new RangeError('a matrix is smaller than its size says');
}
