import { closeSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { workerData } from 'node:worker_threads';
import { type MergeMethod, Registry } from '@hubfuse/plugin';
import { KernelInstance, KernelMemory, serveJobs } from '@hubfuse/tensors';
import type { Genealogy } from '../evolution/genealogy.ts';
import type { MergePlan } from '../plan/merge-plan.ts';
import { BlockReader } from './block-reader.ts';
import { TensorWorker } from './tensor-worker.ts';
import type { BlockReference } from './units.ts';

/** What every worker of a merge knows from the start. */
export interface MergeWorkerData {
  plan: MergePlan;
  genealogy?: Genealogy | undefined;
  /** Folder of each input. */
  folders: readonly string[];
  /** Folder of each statistics file. */
  statistics: readonly string[];
  /** Folder of the outputs, and their temporary names in the order of the plan. */
  out: string;
  files: readonly string[];
  /** Modules to load, so that the worker knows the same methods. */
  modules: readonly string[];
  /** Bytes that a worker may keep of one tensor between sweeps. */
  residentBytes: number;
}

export type MergeJob =
  | { kind: 'sweep'; sweep: number; state: unknown; blocks: readonly BlockReference[] }
  | { kind: 'write'; blocks: readonly BlockReference[]; results: readonly unknown[]; found?: readonly unknown[] };

const data = workerData as MergeWorkerData;

async function start(): Promise<(job: MergeJob) => unknown> {
  const registry = new Registry();
  for (const module of data.modules) await registry.load(module);
  const method: MergeMethod = registry.get('method', data.plan.method);
  const memory = new KernelMemory();
  const kernels = new KernelInstance(memory);
  const reader = new BlockReader({
    kernels,
    inputs: data.plan.inputs,
    folders: data.folders,
    damaged: 'the model is damaged (a failed training step or conversion); merge another revision of it',
  });
  const statistics = new BlockReader({
    kernels,
    inputs: data.plan.statistics,
    folders: data.statistics,
    damaged: 'the statistics are damaged, or overflowed while they were gathered; gather them anew',
  });
  const outputs = data.files.map((file) => openSync(join(data.out, file), 'r+'));
  process.on('exit', () => {
    reader.close();
    statistics.close();
    for (const file of outputs) closeSync(file);
  });
  const worker = new TensorWorker({
    plan: data.plan,
    program: method.program({
      models: data.plan.models,
      parameters: data.plan.parameters,
      modelParameters: data.plan.modelParameters,
    }),
    memory,
    kernels,
    reader,
    genealogy: data.genealogy,
    statistics,
    residentBytes: data.residentBytes,
    write: (place, bytes, position) => {
      const file = outputs[place.output] as number;
      for (let done = 0; done < bytes.length; ) {
        done += writeSync(file, bytes, done, bytes.length - done, place.offset + position + done);
      }
    },
  });
  return (job) => {
    switch (job.kind) {
      case 'sweep':
        return worker.sweep(job);
      case 'write':
        return worker.writeUnit(job);
    }
  };
}

const ready = start();
serveJobs(async (job) => (await ready)(job as MergeJob));
