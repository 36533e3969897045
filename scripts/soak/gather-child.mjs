// Gathers statistics in a process of its own, so that its peak memory is that of the gathering and nothing else. Takes one
// argument, the JSON of {folder, data, path, kind, variant?, workers, share}: with a `share` of 1 it allows the memory that
// one pass by all workers takes, with 0 the least that is accepted, and else so much of what lies between. Prints
// {allowedBytes, plannedBytes, peakBytes, passes, workers, sha256} as JSON.
import { loadDataset, registerEvaluation } from '@hubfuse/evaluate';
import { registerArchitectures } from '@hubfuse/graphs';
import { Registry, ResourceError } from '@hubfuse/plugin';
import { findMeasure, gatherStatistics, openMeasuredModel, planGathering } from '@hubfuse/statistics';
import { peakMemory } from './peak-memory.mjs';

const { folder, data, path, kind, variant, workers, share } = JSON.parse(process.argv[2]);
/** More than any model here takes. */
const PLENTY = 2 ** 40;
const STEP = 2 ** 20;

const registry = new Registry();
await Promise.all([registerArchitectures(registry), registerEvaluation(registry)]);
const { model, modelSha256 } = await openMeasuredModel({ folder, name: 'noise', registry });
const { measure, request } = findMeasure({ kind, variant });

/** Undefined where so much memory does not suffice. */
function planWithin(memory) {
  try {
    return planGathering({ model, measure, request, limits: { memory, workers } });
  } catch (error) {
    if (error instanceof ResourceError) return undefined;
    throw error;
  }
}

function leastAbove(refused, accepted) {
  if (accepted - refused < STEP) return accepted;
  const middle = (refused + accepted) / 2;
  return planWithin(middle) === undefined ? leastAbove(middle, accepted) : leastAbove(refused, middle);
}

const full = planWithin(PLENTY).peakBytes;
const least = leastAbove(0, full);
const allowedBytes = least + share * (full - least);
const plan = planWithin(allowedBytes);
const dataset = await loadDataset({ name: 'texts', source: { path: data }, task: 'text-classification', registry });
const origin = { model: 'noise', modelSha256, dataset: 'texts', version: '0' };
const { sha256 } = await gatherStatistics({ model, measure, plan, dataset, origin, path });
const { peakBytes: plannedBytes, passes, workers: threads } = plan;
const found = { peakBytes: peakMemory(), passes: passes.length, workers: threads, sha256 };
process.stdout.write(JSON.stringify({ allowedBytes, plannedBytes, ...found }));
