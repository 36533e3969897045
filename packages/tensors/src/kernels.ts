import { readFileSync } from 'node:fs';
import {
  type CollectedKeys,
  FACTOR_BLOCK,
  type HistogramWindow,
  type Kernels,
  type KeyRange,
  type KeysInRange,
  type MatrixKernels,
  type StoredRow,
} from '@hubfuse/plugin';
import { consensusKernels } from './consensus-kernels.ts';
import type { FloatDType } from './dtype.ts';
import { evolutionKernels } from './evolution-kernels.ts';
import { PIECE_VALUES } from './matrix/cholesky.ts';
import { matrixKernels } from './matrix/matrix-kernels.ts';
import type { MatrixWorkspace } from './matrix/matrix-module.ts';
import type { LargeProducts } from './matrix/products.ts';
import { pcbKernels } from './pcb-kernels.ts';
import { kernelFor, RowTable } from './row-table.ts';
import { taskKernels } from './task-kernels.ts';

/** What the compiled module exports: addresses and lengths, nothing else. */
type Raw = Record<string, (...arguments_: number[]) => number>;

const PAGE = 65_536;
/** Addresses below this belong to the module's own static data. */
const FIRST_ADDRESS = PAGE;
const ALIGNMENT = 64;
/** WebAssembly addresses 32 bits; the last page stays free so that no end address wraps to zero. */
export const MEMORY_LIMIT = 65_535 * PAGE;

let compiled: WebAssembly.Module | undefined;

/** The compiled kernels, to be handed to worker threads: what the engine has optimised serves all of them. */
export function kernelModule(): object {
  return module();
}

/** Takes the kernels that another thread has compiled. To be called before any are made. */
export function useKernelModule(given: object): void {
  compiled = given as WebAssembly.Module;
}

/** Compiles once per thread. */
function module(): WebAssembly.Module {
  compiled ??= new WebAssembly.Module(readFileSync(new URL('./kernels.wasm', import.meta.url)));
  return compiled;
}

/** How a storage dtype is widened to float32 and narrowed from it. */
const WIDEN: Record<FloatDType, string> = {
  F64: 'widenFloat64',
  F32: 'widenFloat32',
  F16: 'widenFloat16',
  BF16: 'widenBfloat16',
};
const NARROW: Record<FloatDType, string> = {
  F64: 'narrowFloat64',
  F32: 'widenFloat32',
  F16: 'narrowFloat16',
  BF16: 'narrowBfloat16',
};

/**
 * Memory that kernels see, handed out in order and taken back to a mark. Growing detaches every view, so all memory of
 * a task is reserved before its views are made.
 */
export class KernelMemory {
  readonly memory: WebAssembly.Memory;
  #next = FIRST_ADDRESS;

  constructor() {
    this.memory = new WebAssembly.Memory({ initial: FIRST_ADDRESS / PAGE, maximum: MEMORY_LIMIT / PAGE });
  }

  /** Makes sure that `bytes` more can be handed out without growing. Detaches existing views where it grows. */
  reserve(bytes: number): void {
    const missing = this.#next + bytes + ALIGNMENT - this.memory.buffer.byteLength;
    if (missing > 0) this.memory.grow(Math.ceil(missing / PAGE));
  }

  get mark(): number {
    return this.#next;
  }

  /** Takes back everything handed out since the mark. */
  release(mark: number): void {
    this.#next = mark;
  }

  #take(bytes: number): number {
    const address = this.#next;
    const end = address + Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
    if (end > this.memory.buffer.byteLength) throw new RangeError('kernel memory was not reserved');
    this.#next = end;
    return address;
  }

  bytes(length: number): Uint8Array {
    return new Uint8Array(this.memory.buffer, this.#take(length), length);
  }

  /** A row: its end is padded to a multiple of four values, which kernels may touch. */
  float32(length: number): Float32Array {
    return new Float32Array(this.memory.buffer, this.#take(Math.ceil(length / 4) * 16), length);
  }

  uint32(length: number): Uint32Array {
    return this.room32(length).fill(0);
  }

  /** Like `uint32`, with whatever was there. */
  room32(length: number): Uint32Array {
    return new Uint32Array(this.memory.buffer, this.#take(length * 4), length);
  }

  float64(length: number): Float64Array {
    const array = new Float64Array(this.memory.buffer, this.#take(length * 8), length);
    array.fill(0);
    return array;
  }
}

/** The kernels over one memory, with widening and narrowing for whoever reads and writes files. */
export class KernelInstance implements Kernels {
  readonly pcb: Kernels['pcb'];
  readonly evolution: Kernels['evolution'];
  readonly matrix: MatrixKernels;
  readonly tasks: Kernels['tasks'];
  readonly weightedSum: Kernels['weightedSum'];
  readonly addTaskVectors: Kernels['addTaskVectors'];
  readonly elect: Kernels['elect'];
  readonly electTrimmed: Kernels['electTrimmed'];
  readonly trimmedSigns: Kernels['trimmedSigns'];
  readonly #raw: Raw;
  readonly #table: RowTable;

  /**
   * @param options.maximumRows rows that one call may take
   * @param options.products starts whoever takes large products of matrices; absent: the module does
   */
  constructor(memory: KernelMemory, options: { maximumRows?: number; products?: LargeProducts | undefined } = {}) {
    const { maximumRows = 1024, products } = options;
    memory.reserve(RowTable.bytes(maximumRows));
    const instance = new WebAssembly.Instance(module(), { env: { memory: memory.memory, abort: unreachable } });
    this.#raw = instance.exports as Raw;
    this.#table = new RowTable(memory, maximumRows);
    const consensus = consensusKernels(this.#raw, this.#table);
    this.weightedSum = consensus.weightedSum;
    this.addTaskVectors = consensus.addTaskVectors;
    this.elect = consensus.elect;
    this.electTrimmed = consensus.electTrimmed;
    this.trimmedSigns = consensus.trimmedSigns;
    this.pcb = pcbKernels(this.#raw, this.#table);
    this.evolution = evolutionKernels(this.#raw);
    const call = (name: string, ...values: number[]) => this.#call(name, ...values);
    this.tasks = taskKernels(call);
    this.matrix = matrixKernels({ call, workspace: matrixWorkspace(memory, call('matrixWorkspace')) }, products);
  }

  #call(name: string, ...values: number[]): number {
    return (this.#raw[name] as (...values: number[]) => number)(...values);
  }

  /** Widens `length` stored values; returns the index of the first that is NaN or infinite, or -1. */
  widen(dtype: FloatDType, raw: Uint8Array, out: Float32Array): number {
    return this.#call(WIDEN[dtype], raw.byteOffset, out.byteOffset, out.length);
  }

  /** Narrows to nearest even; returns the index of the first value that is not finite or overflows, or -1. */
  narrow(dtype: FloatDType, x: Float32Array, raw: Uint8Array): number {
    return this.#call(NARROW[dtype], x.byteOffset, raw.byteOffset, x.length);
  }

  /**
   * Rounds values to those of a dtype, in place; returns the index of the first that is not finite or overflows, or -1. That one
   * and those behind it stay as they are.
   */
  round(dtype: FloatDType, x: Float32Array): number {
    if (dtype === 'BF16') return this.#call('roundToBfloat16', x.byteOffset, x.length);
    if (dtype === 'F16') return this.#call('roundToFloat16', x.byteOffset, x.length);
    return this.firstNonFinite(x);
  }

  /** Index of the first value that is not finite, or -1. */
  firstNonFinite(x: StoredRow): number {
    return this.#call(kernelFor('firstNonFinite', x), x.byteOffset, x.length);
  }

  fill(out: Float32Array, value: number): void {
    this.#call('fill', out.byteOffset, out.length, value);
  }
  scale(out: Float32Array, x: Float32Array, a: number): void {
    this.#call('scale', out.byteOffset, x.byteOffset, out.length, a);
  }
  addScaled(out: Float32Array, x: Float32Array, a: number): void {
    this.#call('addScaled', out.byteOffset, x.byteOffset, out.length, a);
  }
  subtract(out: Float32Array, x: Float32Array, y: Float32Array): void {
    this.#call('subtract', out.byteOffset, x.byteOffset, y.byteOffset, out.length);
  }
  add(out: Float32Array, x: Float32Array, y: Float32Array): void {
    this.#call('add', out.byteOffset, x.byteOffset, y.byteOffset, out.length);
  }
  multiply(out: Float32Array, x: Float32Array, y: Float32Array): void {
    this.#call('multiply', out.byteOffset, x.byteOffset, y.byteOffset, out.length);
  }
  exponential(out: Float32Array, x: Float32Array, a: number, b: number): void {
    this.#call('exponential', out.byteOffset, x.byteOffset, out.length, a, b);
  }
  hyperbolicTangent(out: Float32Array, x: Float32Array): void {
    this.#call('hyperbolicTangent', out.byteOffset, x.byteOffset, out.length);
  }
  absoluteSum(x: Float32Array): number {
    return this.#call('absoluteSum', x.byteOffset, x.length);
  }
  sum(x: Float32Array): number {
    return this.#call('sum', x.byteOffset, x.length);
  }
  range(x: Float32Array): { low: number; high: number } {
    const pair = this.#table.pair(Float32Array);
    pair[0] = Number.POSITIVE_INFINITY;
    pair[1] = Number.NEGATIVE_INFINITY;
    this.#call('range', x.byteOffset, x.length, pair.byteOffset);
    return { low: pair[0] ?? 0, high: pair[1] ?? 0 };
  }
  keepAtLeast(out: Float32Array, x: Float32Array, threshold: number): void {
    this.#call('keepAtLeast', out.byteOffset, x.byteOffset, out.length, threshold);
  }
  countAtLeast(x: Float32Array, threshold: number): number {
    return this.#call('countAtLeast', x.byteOffset, x.length, threshold) >>> 0;
  }
  histogram(x: Float32Array, histogram: Uint32Array, window: HistogramWindow): number {
    const { low, shift, absolute } = window;
    const bins = [histogram.byteOffset, histogram.length] as const;
    return this.#call('histogram', x.byteOffset, x.length, ...bins, low, shift, absolute ? 1 : 0) >>> 0;
  }

  collect(x: Float32Array, { keys, counts }: CollectedKeys, { low, high, absolute }: KeyRange): void {
    const into = [keys.byteOffset, keys.length] as const;
    this.#call('collect', x.byteOffset, x.length, ...into, low, high, absolute ? 1 : 0, counts.byteOffset);
  }

  /** counts[(key - low) >> shift] += 1 for each key; no key is below `low`. */
  countKeys(keys: Uint32Array, counts: Uint32Array, { low, shift }: { low: number; shift: number }): void {
    this.#call('countKeys', keys.byteOffset, keys.length, counts.byteOffset, low, shift);
  }

  /** Brings the keys of one part of `countKeys` to the front; returns how many they are. What stands behind them is undefined. */
  keepKeys(keys: Uint32Array, { low, shift, part }: { low: number; shift: number; part: number }): number {
    return this.#call('keepKeys', keys.byteOffset, keys.length, low, shift, part);
  }

  /** Joins the least and the greatest key with the two at `extent`. */
  extentOfKeys(keys: Uint32Array, extent: Uint32Array): void {
    this.#call('extentOfKeys', keys.byteOffset, keys.length, extent.byteOffset);
  }

  collectDistances(x: StoredRow, y: StoredRow, into: readonly KeysInRange[]): void {
    const table = this.#table.ranges(into);
    this.#call(kernelFor('collectDistances', x), x.byteOffset, y.byteOffset, x.length, table, into.length);
  }
}

function matrixWorkspace(memory: KernelMemory, bytes: number): MatrixWorkspace {
  memory.reserve(bytes + (FACTOR_BLOCK + PIECE_VALUES) * 8 + 3 * ALIGNMENT);
  const address = memory.bytes(bytes).byteOffset;
  const pivots = memory.bytes(FACTOR_BLOCK * 8).byteOffset;
  const piece = memory.bytes(PIECE_VALUES * 8).byteOffset;
  return {
    address,
    pivots: () => new Float64Array(memory.memory.buffer, pivots, FACTOR_BLOCK),
    piece: () => new Float64Array(memory.memory.buffer, piece, PIECE_VALUES),
  };
}

function unreachable(): never {
  throw new Error('a kernel aborted');
}
