import { createRequire } from 'node:module';
import { cpus } from 'node:os';
import { MergeError } from '@hubfuse/plugin';
import type { LargeProducts, NamedProducts, Product } from '@hubfuse/tensors';
import { type GemmModel, gemmModel } from './gemm-model.ts';

/**
 * One thread, so that sums are in one order for any number of workers; nothing is kept between products, and outputs are
 * written where they belong.
 */
const SESSION_OPTIONS = {
  intraOpNumThreads: 1,
  interOpNumThreads: 1,
  executionMode: 'sequential',
  graphOptimizationLevel: 'disabled',
  enableCpuMemArena: false,
  enableMemPattern: false,
  logSeverityLevel: 3,
} as const;

type Runtime = typeof import('onnxruntime-node');
type Session = Awaited<ReturnType<Runtime['InferenceSession']['create']>>;

/** Products by onnxruntime where it is installed and can be loaded; loaded when they are first asked for. */
export function largeProducts(): LargeProducts {
  let loading: Promise<NamedProducts | undefined> | undefined;
  return () => {
    loading ??= import('onnxruntime-node').then(
      (runtime) => new RuntimeProducts(runtime),
      () => undefined,
    );
    return loading;
  };
}

/** Float64 products by onnxruntime, which has kernels for the vectors of this processor. */
class RuntimeProducts implements NamedProducts {
  readonly name: string;
  readonly #runtime: Runtime;
  readonly #sessions = new Map<string, Promise<Session>>();

  constructor(runtime: Runtime) {
    const { version } = createRequire(import.meta.url)('onnxruntime-node/package.json') as { version: string };
    this.name = `onnxruntime ${version} on ${cpus()[0]?.model.trim() ?? 'an unknown processor'}`;
    this.#runtime = runtime;
  }

  async add(product: Product): Promise<void> {
    const { out, a, b, rows, inner, columns, aFlipped = false, bFlipped = false } = product;
    if (rows * inner * columns === 0) return;
    const { Tensor } = this.#runtime;
    const session = await this.#session({ aFlipped, bFlipped, negative: product.negative ?? false });
    const tensor = (data: Float64Array, [height, width]: readonly [number, number]) =>
      new Tensor('float64', data.subarray(0, height * width), [height, width]);
    const sum = tensor(out, [rows, columns]);
    const feeds = {
      a: tensor(a, aFlipped ? [inner, rows] : [rows, inner]),
      b: tensor(b, bFlipped ? [columns, inner] : [inner, columns]),
      c: sum,
    };
    try {
      // The addend is the output as well: it is copied to itself, and the product is added in place.
      await session.run(feeds, { y: sum });
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new MergeError({
        code: 'merge/product',
        message: `onnxruntime could not multiply ${rows} x ${inner} by ${inner} x ${columns}: ${reason}`,
        cause,
      });
    }
  }

  #session(model: GemmModel): Promise<Session> {
    const key = JSON.stringify(model);
    const open = this.#sessions.get(key) ?? this.#runtime.InferenceSession.create(gemmModel(model), SESSION_OPTIONS);
    this.#sessions.set(key, open);
    return open;
  }
}
