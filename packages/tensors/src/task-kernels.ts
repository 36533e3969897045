import type { TaskKernels } from '@hubfuse/plugin';

type Call = (name: string, ...values: number[]) => number;

/** The kernels of task masks over a module's exports. */
export function taskKernels(call: Call): TaskKernels {
  return {
    packAgreement(bits, x, y) {
      call('packAgreement', bits.byteOffset, x.byteOffset, y.byteOffset, x.length);
    },
    agreeingSum(x, y) {
      return call('agreeingSum', x.byteOffset, y.byteOffset, x.length);
    },
    addMasked(out, base, { vector, bits, scale }) {
      call('addMasked', out.byteOffset, base.byteOffset, vector.byteOffset, bits.byteOffset, out.length, scale);
    },
  };
}
