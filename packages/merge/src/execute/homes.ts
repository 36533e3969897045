import type { MethodProgram } from '@hubfuse/plugin';
import type { MergePlan } from '../plan/merge-plan.ts';
import {
  BLOCK_ELEMENTS,
  type BlockReference,
  blockStart,
  blocksOf,
  elementsOf,
  isGroup,
  SHARED_ELEMENTS,
} from './units.ts';

/**
 * Which worker has which blocks, the same in all builds of one search: what a worker has kept of a block is of use to the next build
 * only where that block comes to it again. Whole tensors have one home where their statistics are their own.
 */
export class Homes {
  readonly workers: number;
  readonly #homes = new Map<string, number>();

  constructor(options: { plan: MergePlan; program: MethodProgram; workers: number }) {
    const { plan, program, workers } = options;
    this.workers = workers;
    const whole = program.scope === 'tensor' && program.sweeps.length > 0;
    const blocks = plan.tensors.flatMap((_, index) => blocksOf(plan.tensors, [index]));
    if (whole || program.linear !== undefined) this.#byTensor(plan, program);
    else if (program.sweeps.every(({ exact }) => exact === true)) this.#inTurn(plan, blocks);
    else this.#inOrder(plan, blocks);
  }

  /** Bytes by worker of what `size` says of a block. */
  bytes(plan: MergePlan, size: (length: number) => number): number[] {
    const bytes = new Array<number>(this.workers).fill(0);
    for (const block of plan.tensors.flatMap((_, index) => blocksOf(plan.tensors, [index]))) {
      const home = this.of(plan, block);
      bytes[home] = (bytes[home] ?? 0) + size(block.length);
    }
    return bytes;
  }

  /** @param block a block, or a piece of one */
  of(plan: MergePlan, { tensor, offset }: BlockReference): number {
    const name = plan.tensors[tensor]?.name ?? '';
    return this.#homes.get(`${name} ${blockStart(offset)}`) ?? this.#homes.get(name) ?? 0;
  }

  /** The blocks of each worker, in their order. */
  divide(plan: MergePlan, blocks: readonly BlockReference[]): BlockReference[][] {
    const divided = Array.from({ length: this.workers }, (): BlockReference[] => []);
    for (const block of blocks) divided[this.of(plan, block)]?.push(block);
    return divided;
  }

  /** Each block to the worker that has least: neighbours are alike (rows of an embedding that hardly moved), and so all have some. */
  #inTurn(plan: MergePlan, blocks: readonly BlockReference[]): void {
    const load = new Array<number>(this.workers).fill(0);
    for (const { tensor, offset, length } of blocks) {
      const home = load.indexOf(Math.min(...load));
      this.#homes.set(`${plan.tensors[tensor]?.name} ${offset}`, home);
      load[home] = (load[home] ?? 0) + length;
    }
  }

  /** Neighbours stay together, so that what workers have found is joined in the order of the blocks. */
  #inOrder(plan: MergePlan, blocks: readonly BlockReference[]): void {
    const total = elementsOf(blocks);
    let before = 0;
    for (const { tensor, offset, length } of blocks) {
      const middle = before + length / 2;
      const home = Math.min(this.workers - 1, Math.floor((middle / total) * this.workers));
      this.#homes.set(`${plan.tensors[tensor]?.name} ${offset}`, home);
      before += length;
    }
  }

  /** The largest first, each to the worker that has least. Of tensors that the workers share, each has some blocks. */
  #byTensor(plan: MergePlan, program: MethodProgram): void {
    const load = new Array<number>(this.workers).fill(0);
    const shared = plan.tensors.flatMap((tensor, index) => {
      return isGroup(tensor, program) && tensor.length > SHARED_ELEMENTS ? [index] : [];
    });
    this.#inOrder(plan, blocksOf(plan.tensors, shared));
    const alone = plan.tensors.filter((_, index) => !shared.includes(index));
    for (const { name, length } of [...alone].sort((a, b) => b.length - a.length)) {
      const home = load.indexOf(Math.min(...load));
      this.#homes.set(name, home);
      load[home] = (load[home] ?? 0) + Math.max(length, BLOCK_ELEMENTS / 8);
    }
  }
}
