import { keptBytes, leastMemory, type MergePlan } from '@hubfuse/merge';
import type { Registry } from '@hubfuse/plugin';

/** While a session opens, onnxruntime holds weights that it reorders twice. */
const BYTES_PER_PARAMETER = 8;
/** Bytes of one value of a carried population, at most. */
const STATE_BYTES = 4;

/** Who gets how much of the memory granted to a search. */
export interface ArenaMemory {
  /** Threads for building and for scoring, each of the latter with one session. */
  workers: number;
  /** For building, this process included, in bytes. */
  building: number;
  /** For the weights in sessions, in bytes. */
  sessions: number;
  /** Candidates that may lie in memory; the others lie on the disk. */
  candidates: number;
  /** Whether the threads that build keep all values of models and population: then no population lies in files. */
  kept: boolean;
  /** Whether the evolved population may lie in memory; else it lies on the disk, unless it is kept. */
  population: boolean;
  /** Bytes of one candidate's files, and of a whole evolved population with one individual twice. */
  candidateBytes: number;
  populationBytes: number;
}

/**
 * Divides the memory of a search: first one thread and one session, without which there is no search, then a candidate in
 * memory, further threads with their sessions and candidates, all values of models and population or else the population
 * that has evolved, and what is left for building.
 */
export function divideArenaMemory(options: {
  registry: Registry;
  plan: MergePlan;
  memory: number;
  /** Threads that are wanted. */
  workers: number;
  /** Candidates that are wanted at once. */
  parallel: number;
}): ArenaMemory {
  const { registry, plan, memory, parallel } = options;
  const session = BYTES_PER_PARAMETER * plan.totals.parameters;
  const candidateBytes = plan.totals.writeBytes;
  const populationBytes = STATE_BYTES * plan.totals.parameters * (plan.models + 1);
  const least = (workers: number): number => leastMemory(plan, workers) + workers * session;
  const first = memory - least(1) >= candidateBytes ? 1 : 0;
  const fits = (workers: number): boolean => least(workers) + first * candidateBytes <= memory;
  let workers = 1;
  while (workers < options.workers && fits(workers + 1)) workers++;
  let left = Math.max(0, memory - least(workers) - first * candidateBytes);
  // One more than are judged at once, so that the next one can be built while the last one is being closed.
  const more = Math.min(first * Math.min(parallel, workers), Math.floor(left / Math.max(1, candidateBytes)));
  left -= more * candidateBytes;
  const most = keptBytes({ registry, plan, workers, notes: true });
  const keeping = most <= left ? most : keptBytes({ registry, plan, workers });
  const kept = keeping <= left;
  if (kept) left -= keeping;
  const population = !kept && populationBytes <= left;
  if (population) left -= populationBytes;
  const sessions = Math.max(workers * session, Math.floor(workers * session + left / 2));
  return {
    workers,
    building: Math.max(leastMemory(plan, 1), Math.floor(leastMemory(plan, workers) + (kept ? keeping : 0) + left / 2)),
    sessions,
    candidates: first + more,
    kept,
    population,
    candidateBytes,
    populationBytes,
  };
}
