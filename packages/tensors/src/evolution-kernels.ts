import type { Kernels } from '@hubfuse/plugin';

/** The whole range of a 32-bit word. */
const WORD = 2 ** 32;

/** The kernels of `kernels/crossover.ts` over addresses. */
export function evolutionKernels(raw: Readonly<Record<string, (...values: number[]) => number>>): Kernels['evolution'] {
  const call = (name: string, ...values: number[]): void => {
    (raw[name] as (...values: number[]) => number)(...values);
  };
  return {
    crossoverMask(mask, { key, offset, crossover }) {
      // A word w stands for U = w / 2^32, so U < crossover exactly where w is below the product rounded up.
      const limit = Math.ceil(crossover * WORD);
      if (limit >= WORD) new Uint32Array(mask.buffer, mask.byteOffset, mask.length).fill(WORD - 1);
      else call('crossoverMask', mask.byteOffset, mask.length, offset, key[0], key[1], limit);
    },
    differential(out, { parent, first, second, mask }, scale) {
      const rows = [parent, first, second, mask].map((row) => row.byteOffset);
      call('differentialChild', out.byteOffset, ...rows, out.length, scale);
    },
    blend(out, { parent, reference, mask }, scale) {
      const rows = [parent, reference, mask].map((row) => row.byteOffset);
      call('blendedChild', out.byteOffset, ...rows, out.length, scale);
    },
  };
}
