import { isDivisibleRun, type RunPlan, SHARE_SPREAD } from '@hubfuse/runs';

const GIB = 1 << 30;
/** Node, the SDK, tokenizers and data sets beside the models. */
const BASE_MEMORY = 2 * GIB;
/** What a merge works in where nobody says otherwise (`divideMemory` of `@hubfuse/merge`). */
const MERGE_MEMORY = GIB;
/** Graphs, tokenizers and logs. */
const BASE_SCRATCH = 2 * GIB;
/** Beside the weights: activations of a batch and the provider's workspace. */
const GPU_OVERHEAD = 2 * GIB;
const MERGE_VCPUS = 4;
/** A GPU is fed by tokenizing and rebuilding candidates, which takes processors too. */
const SCORING_VCPUS = 4;

const SCORING: ReadonlySet<string> = new Set(['gather', 'search', 'evaluate']);

/** What one machine needs to execute a run. */
export interface Requirements {
  vcpus: number;
  /** Bytes. */
  memory: number;
  /** Bytes of disk: inputs, output and what lies between them. */
  scratch: number;
  /** 1 where the plan scores, gathers or searches: one session at a time uses one GPU. */
  gpus: 0 | 1;
  /** Bytes of memory of that GPU. */
  gpuMemory: number;
}

/** The smallest machine that executes any run: for one that cannot be planned, so that its failure is recorded as any other. */
export const LEAST: Requirements = {
  vcpus: 1,
  memory: BASE_MEMORY,
  scratch: BASE_SCRATCH,
  gpus: 0,
  gpuMemory: 0,
};

/**
 * What a plan asks of a machine, from the sizes that file headers told.
 * @param children workers that execute it together, each on a machine of its own. Any of them may come to put the model together.
 */
export function requirementsOf(
  plan: Pick<RunPlan, 'phases' | 'bytes' | 'models' | 'merge'>,
  children = 1,
): Requirements {
  const scores = plan.phases.some((phase) => SCORING.has(phase));
  const { download, output } = plan.bytes;
  const largest = Math.max(output, ...plan.models.map(({ files }) => weightBytes(files)));
  const shared = children > 1 && isDivisibleRun(plan) ? Math.min(1, SHARE_SPREAD / children) : 1;
  return {
    vcpus: scores ? Math.max(MERGE_VCPUS, SCORING_VCPUS) : MERGE_VCPUS,
    // A session holds the weights once while it is made and once on its device.
    memory: BASE_MEMORY + MERGE_MEMORY + (scores ? 2 * largest : 0),
    // The average of the parents, or a candidate, may lie beside the output.
    scratch: BASE_SCRATCH + shared * download + (scores ? 3 : 1 + shared) * output,
    gpus: scores ? 1 : 0,
    gpuMemory: scores ? largest + GPU_OVERHEAD : 0,
  };
}

function weightBytes(files: readonly { path: string; size: number }[]): number {
  return files.reduce((sum, { path, size }) => (path.endsWith('.safetensors') ? sum + size : sum), 0);
}
