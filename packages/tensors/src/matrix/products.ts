import type { ProductSize } from '@hubfuse/plugin';
import type { MatrixModule } from './matrix-module.ts';

/** A product whose factors may be stored as their transposes. */
export interface Product extends ProductSize {
  out: Float64Array;
  a: Float64Array;
  b: Float64Array;
  /** `a` is stored as inner x rows. Default false. */
  aFlipped?: boolean;
  /** `b` is stored as columns x inner. Default false. */
  bFlipped?: boolean;
}

/** Whoever multiplies float64 matrices. */
export interface Products {
  /** out += a b, or -= where `negative`. */
  add(product: Product): Promise<void>;
}

/** Products by something outside the kernels. */
export interface NamedProducts extends Products {
  /** Who multiplies: a package with its version, and the processor, on which the last bits depend. */
  name: string;
}

/** Starts whoever multiplies large matrices; undefined: nobody but the kernels does. */
export type LargeProducts = () => Promise<NamedProducts | undefined>;

/** Layers that read fewer values are solved by our own kernels: what they take is not worth starting onnxruntime for. */
export const LARGE = 256;

/** Products by our own kernels: the same bits on every machine. */
export function kernelProducts({ call, workspace }: MatrixModule): Products {
  return {
    add({ out, a, b, rows, inner, columns, aFlipped = false, bFlipped = false, negative = false }) {
      const left = [a.byteOffset, aFlipped ? rows : inner, Number(aFlipped)] as const;
      const right = [b.byteOffset, bFlipped ? inner : columns, Number(bFlipped)] as const;
      const sizes = [rows, inner, columns, Number(negative), workspace.address] as const;
      call('matrixMultiplyAdd', out.byteOffset, columns, ...left, ...right, ...sizes);
      return Promise.resolve();
    },
  };
}
