import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { MergeError } from '@hubfuse/plugin';
import { writeAll } from '@hubfuse/tensors';
import { checkGenealogy } from '../evolution/check-genealogy.ts';
import { type ExecuteMergeOptions, hashOutputs, type MergeResult } from '../execute/execute-merge.ts';
import { writeKeptHeads } from '../execute/kept-heads.ts';
import { nameOutputs, prepareOutputs, syncOutputs, temporaryName } from '../execute/output-files.ts';
import { OutputHashes } from '../execute/output-hashes.ts';
import { elementsOf } from '../execute/units.ts';
import type { MergePlan } from '../plan/merge-plan.ts';
import { divideMerge, isDivisible, type MergePart, rangesOf } from './divide-merge.ts';
import { dividedSweeps } from './divided-sweeps.ts';
import type { MergeCrew, WrittenPart } from './merge-task.ts';

export interface DividedMergeOptions
  extends Pick<ExecuteMergeOptions, 'plan' | 'genealogy' | 'folders' | 'out' | 'registry' | 'onProgress' | 'signal'> {
  /** Parts that the merge is divided into; fewer where it has fewer blocks. */
  parts: number;
  /** Those who do the parts. */
  crew: MergeCrew;
}

/**
 * Executes a plan whose parts others do, and puts the output files together from what they wrote: the bytes of `executeMerge`.
 * Of the inputs only the files with kept heads are read here. Nothing is remembered on this disk: a merge that was killed finds
 * what its crew has kept.
 * @throws MergeError `merge/damaged-part` where the bytes of a part are not those that were written
 */
export async function executeDividedMerge(options: DividedMergeOptions): Promise<MergeResult> {
  const { plan, genealogy, out, registry, parts, crew, onProgress, signal } = options;
  checkGenealogy(plan, genealogy);
  if (!isDivisible(plan)) throw new RangeError('a merge from statistics, or to a result per task, is not divided');
  const { parameters, modelParameters, models } = plan;
  const program = registry.get('method', plan.method).program({ models, parameters, modelParameters });
  const divided = divideMerge({ plan, program, parts });
  await prepareOutputs({ plan, out, resume: false });
  const results = await dividedSweeps({
    ...{ plan, program, divided, parts, crew },
    onPass: (pass) => onProgress?.({ phase: 'statistics', ...pass }),
  });
  const paths = plan.outputs.map(({ path }) => join(out, temporaryName(path)));
  const hashes = new OutputHashes({ plan, paths });
  const files = await Promise.all(paths.map((path) => open(path, 'r+')));
  const layers: WrittenPart['layers'][number][] = [];
  try {
    // All are asked for at once; they are put in place one after the other, so that hashing keeps up from the front.
    const written = divided.map((_, part) => crew.write(`write-${part}`, { kind: 'write', part, parts, results }));
    for (const one of written) one.catch(() => undefined);
    let done = 0;
    for (const [index, part] of divided.entries()) {
      const outcome = (await written[index]) as WrittenPart;
      signal?.throwIfAborted();
      await putInPlace({ plan, part, files, written: outcome, content: await crew.read(`write-${index}`) });
      layers.push(...outcome.layers);
      hashes.wrote(part.flat());
      done += elementsOf(part.flat());
      onProgress?.({ phase: 'writing', done, total: plan.totals.parameters });
    }
  } finally {
    await Promise.all(files.map((file) => file.close()));
  }
  const small = await writeKeptHeads(options);
  const [hashed] = await Promise.all([hashOutputs({ plan, out, onProgress, hashes, small }), syncOutputs(plan, out)]);
  await nameOutputs(plan, out);
  return { files: hashed, layers, resumed: false };
}

/** Writes the bytes of a part, as they come, to where they belong. */
async function putInPlace(options: {
  plan: MergePlan;
  part: MergePart;
  files: readonly FileHandle[];
  written: WrittenPart;
  content: AsyncIterable<Uint8Array>;
}): Promise<void> {
  const { plan, part, files, written, content } = options;
  const ranges = rangesOf(plan, part);
  const hash = createHash('sha256');
  let size = 0;
  for await (const chunk of content) {
    hash.update(chunk);
    size += chunk.length;
    for (let at = 0; at < chunk.length; ) {
      const range = ranges[0];
      if (range === undefined) throw damaged(written, size);
      const length = Math.min(chunk.length - at, range.end - range.start);
      await writeAll(files[range.output] as FileHandle, chunk.subarray(at, at + length), range.start);
      range.start += length;
      at += length;
      if (range.start === range.end) ranges.shift();
    }
  }
  if (ranges.length > 0 || hash.digest('hex') !== written.sha256) throw damaged(written, size);
}

function damaged(written: WrittenPart, size: number): MergeError {
  return new MergeError({
    code: 'merge/damaged-part',
    message: `a part of the merge has ${size} bytes which are not the ${written.size} that were written`,
    hint: 'the store lost or changed an object: start a fresh run',
  });
}
