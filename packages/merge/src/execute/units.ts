import type { MethodProgram } from '@hubfuse/plugin';
import type { MergePlan, PlannedTensor } from '../plan/merge-plan.ts';

/**
 * Elements that are computed at a time, a multiple of four: rows of this length stay in a core's cache, and shorter ones cost
 * more in calls of the system than they spare (half of it takes a tenth more processor time, a quarter a third more).
 */
export const BLOCK_ELEMENTS = 131_072;
/** Blocks of one run: what a worker takes at a time, and the grain of the fixed-order reduction. */
export const RUN_BLOCKS = 32;

/** A piece of one tensor. */
export interface BlockReference {
  /** Index into the plan's tensors. */
  tensor: number;
  /** Elements before it. */
  offset: number;
  length: number;
}

/** Cuts tensors into blocks; empty tensors have none. */
export function blocksOf(tensors: readonly PlannedTensor[], indices: readonly number[]): BlockReference[] {
  const blocks: BlockReference[] = [];
  for (const tensor of indices) {
    const { length } = tensors[tensor] as PlannedTensor;
    for (let offset = 0; offset < length; offset += BLOCK_ELEMENTS) {
      blocks.push({ tensor, offset, length: Math.min(BLOCK_ELEMENTS, length - offset) });
    }
  }
  return blocks;
}

/** The block of a tensor in which a piece of a sample lies. */
export function blockAround(tensor: PlannedTensor, offset: number): { offset: number; length: number } {
  const begin = blockStart(offset);
  return { offset: begin, length: Math.min(BLOCK_ELEMENTS, tensor.length - begin) };
}

/** Elements before the block in which a piece lies. */
export function blockStart(offset: number): number {
  return Math.floor(offset / BLOCK_ELEMENTS) * BLOCK_ELEMENTS;
}

/** Groups blocks into runs of fixed extent. */
export function runsOf(blocks: readonly BlockReference[]): BlockReference[][] {
  const runs: BlockReference[][] = [];
  let run: BlockReference[] = [];
  let elements = 0;
  for (const block of blocks) {
    run.push(block);
    elements += block.length;
    if (elements >= BLOCK_ELEMENTS * RUN_BLOCKS) {
      runs.push(run);
      run = [];
      elements = 0;
    }
  }
  if (run.length > 0) runs.push(run);
  return runs;
}

/** Groups of more elements than this are shared by the workers: one of them alone would be what all others wait for. */
export const SHARED_ELEMENTS = 2 * RUN_BLOCKS * BLOCK_ELEMENTS;

/** Whether a tensor's statistics are its own. */
export function isGroup(tensor: PlannedTensor, program: MethodProgram): boolean {
  return tensor.rule === 'method' && program.scope === 'tensor' && program.sweeps.length > 0;
}

/** A unit of the writing phase: blocks of consecutive tensors; a tensor that is a group is never divided. */
export type Unit = readonly BlockReference[];

/** Whether a unit is one group that the workers share; any other unit is one worker's business. */
export function isShared(plan: MergePlan, program: MethodProgram, [first]: Unit): boolean {
  const tensor = plan.tensors[first?.tensor ?? -1];
  return tensor !== undefined && isGroup(tensor, program) && tensor.length > SHARED_ELEMENTS;
}

/** The units of a plan, or of some of its blocks in their order: the same for everyone who has the plan. */
export function writingUnits(
  plan: MergePlan,
  program: MethodProgram,
  given: readonly (readonly BlockReference[])[] = plan.tensors.map((_, index) => blocksOf(plan.tensors, [index])),
): Unit[] {
  const units: Unit[] = [];
  let loose: BlockReference[] = [];
  const flush = () => {
    units.push(...runsOf(loose));
    loose = [];
  };
  for (const blocks of given) {
    const tensor = plan.tensors[blocks[0]?.tensor ?? -1];
    if (tensor === undefined) continue;
    // Solving a layer takes far longer than reading it: each is a unit, so that the workers share them evenly.
    if (tensor.linear !== undefined) {
      flush();
      units.push(blocks);
      continue;
    }
    if (isGroup(tensor, program) && blocks.length >= RUN_BLOCKS) {
      flush();
      units.push(blocks);
      continue;
    }
    // A group that would straddle the end of a run begins the next one, so that runs never divide it.
    if (isGroup(tensor, program) && elementsOf(loose) + tensor.length > BLOCK_ELEMENTS * RUN_BLOCKS) flush();
    loose.push(...blocks);
    if (elementsOf(loose) >= BLOCK_ELEMENTS * RUN_BLOCKS) flush();
  }
  flush();
  return units;
}

export function elementsOf(blocks: readonly BlockReference[]): number {
  return blocks.reduce((sum, block) => sum + block.length, 0);
}

/** The blocks of the statistics of a whole-model method, in the order of the plan. */
export function statisticsBlocks(plan: MergePlan): BlockReference[] {
  const indices = plan.tensors.flatMap((tensor, index) => (tensor.rule === 'method' ? [index] : []));
  return blocksOf(plan.tensors, indices);
}

/** Values that stand together in a sample, where a block has so many: looking at a piece costs more than at its values. */
const SAMPLED_PIECE = 512;

/**
 * A sample: pieces of the blocks, 1 / `stride` of all values, at places given by a hash. What is too little for a piece is carried on
 * to the next block, so that every part of the model is there in proportion, and no period of the model aliases.
 */
export function sampleOf(blocks: readonly BlockReference[], stride: number): BlockReference[] {
  const pieces: BlockReference[] = [];
  let owed = 0;
  for (const [index, { tensor, offset, length }] of blocks.entries()) {
    owed += length / stride;
    const isLast = index === blocks.length - 1 && pieces.length === 0;
    if (owed < SAMPLED_PIECE && !isLast) continue;
    const piece = Math.min(length, Math.ceil(owed));
    const place = (Math.imul(index + 1, 0x9e3779b1) >>> 0) / 2 ** 32;
    pieces.push({ tensor, offset: offset + Math.floor(place * (length - piece + 1)), length: piece });
    owed -= piece;
  }
  return pieces;
}

/** Values of a sample, at least: what it guesses is then off by less than a hundredth of all ranks. */
const SAMPLED_ELEMENTS = 1 << 16;
/** Of a large model more is taken: a better guess leaves less to collect. */
const LARGEST_STRIDE = 128;

/** A sample takes 1 / stride of all values; 1 means none is worth it. */
export function sampleStride(elements: number): number {
  return Math.max(1, Math.min(LARGEST_STRIDE, Math.floor(elements / SAMPLED_ELEMENTS)));
}
