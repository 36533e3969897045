import type { MethodProgram } from '@hubfuse/plugin';
import { dtypeBytes } from '@hubfuse/tensors';
import { type BlockReference, blocksOf, elementsOf, isGroup, runsOf } from '../execute/units.ts';
import type { MergePlan, PlannedTensor } from '../plan/merge-plan.ts';

/** A part of a merge: some of its blocks in the order of the plan, by tensor. Parts follow one upon another. */
export type MergePart = readonly (readonly BlockReference[])[];

/** A range of bytes of an output file. */
export interface OutputRange {
  /** Index into `MergePlan.outputs`. */
  output: number;
  /** Bytes before it; `end` is exclusive. */
  start: number;
  end: number;
}

/**
 * Whether several machines can share the merge: each tensor's place depends on nothing but the tensor. A result per task and
 * layers that are solved from statistics stay on one.
 */
export function isDivisible({ tasks, statistics }: MergePlan): boolean {
  return tasks === undefined && statistics.length === 0;
}

/**
 * Divides the writing of a merge into parts of about the same number of values, at most so many: the same for everyone who
 * has the plan. A tensor with statistics of its own is never divided.
 */
export function divideMerge(options: { plan: MergePlan; program: MethodProgram; parts: number }): MergePart[] {
  const { plan, program, parts } = options;
  const total = plan.totals.parameters;
  const divided: BlockReference[][][] = [];
  let part: BlockReference[][] = [];
  let done = 0;
  for (const atom of atomsOf(plan, program)) {
    const tensor = part.at(-1);
    if (tensor !== undefined && tensor[0]?.tensor === atom[0]?.tensor) tensor.push(...atom);
    else part.push([...atom]);
    done += elementsOf(atom);
    if (done < (total * (divided.length + 1)) / parts) continue;
    divided.push(part);
    part = [];
  }
  if (part.length > 0) divided.push(part);
  return divided;
}

/** What is never divided: blocks, or whole tensors with statistics of their own. */
function atomsOf(plan: MergePlan, program: MethodProgram): (readonly BlockReference[])[] {
  return plan.tensors.flatMap((tensor, index) => {
    const blocks = blocksOf(plan.tensors, [index]);
    if (blocks.length === 0) return [];
    return isGroup(tensor, program) ? [blocks] : blocks.map((block) => [block]);
  });
}

/**
 * Spreads the runs of a pass over the parts of a merge: a run belongs to the part that writes its first value, so that whoever
 * has a part reads the same files in every pass. Some parts may get none.
 */
export function divideRuns(parts: readonly MergePart[], blocks: readonly BlockReference[]): BlockReference[][][] {
  const starts = parts.map((part) => part[0]?.[0] as BlockReference);
  const divided: BlockReference[][][] = parts.map(() => []);
  let part = 0;
  for (const run of runsOf(blocks)) {
    const first = run[0] as BlockReference;
    while (part + 1 < parts.length && !isBefore(first, starts[part + 1] as BlockReference)) part++;
    divided[part]?.push(run);
  }
  return divided;
}

function isBefore(one: BlockReference, other: BlockReference): boolean {
  return one.tensor < other.tensor || (one.tensor === other.tensor && one.offset < other.offset);
}

/** Where the bytes of a part lie in the output files, in order; neighbours are one range. */
export function rangesOf(plan: MergePlan, part: MergePart): OutputRange[] {
  const ranges: OutputRange[] = [];
  for (const { tensor, offset, length } of part.flat()) {
    const { output, offset: first, dtype } = plan.tensors[tensor] as PlannedTensor;
    const size = dtypeBytes(dtype);
    const start = first + offset * size;
    const end = start + length * size;
    const last = ranges.at(-1);
    if (last?.output === output && last.end === start) last.end = end;
    else ranges.push({ output, start, end });
  }
  return ranges;
}

/** Files that blocks are read from: `input` is an index into `MergePlan.inputs`. */
export function filesOfBlocks(plan: MergePlan, blocks: readonly BlockReference[]): { input: number; file: string }[] {
  const found = new Map<string, { input: number; file: string }>();
  for (const index of new Set(blocks.map(({ tensor }) => tensor))) {
    const { base, parts } = plan.tensors[index] as PlannedTensor;
    for (const { input, file } of base === undefined ? parts : [base, ...parts]) {
      found.set(`${input} ${file}`, { input, file });
    }
  }
  return [...found.values()];
}
