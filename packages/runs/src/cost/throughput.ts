import type { Range } from './range.ts';

/** How fast something is, and how that is known. */
export interface Throughput extends Range {
  /** True where a run of this code was measured; false where the figure is an assumption. */
  measured: boolean;
  /** Day, machine and run; for an assumption what it rests on. */
  basis: string;
}

const EPYC =
  '2026-11-25, 2 x AMD EPYC, `npm run bench -- --size 200MB --models 3` in the page cache (docs/results.md, Speed)';
const XEON = '2026-11-30, 2 x Intel Xeon with other work, the same bench, processor time';
const SOAK =
  '2026-11-25, 2 x AMD EPYC at load 8, files of 8 GB, twice the wall time (docs/results.md, Merges of large models)';
const THREE = `low: ${EPYC}; expected: ${XEON}; high: ${SOAK}`;

function merging(low: number, expected: number, high: number): Throughput {
  return { low, expected, high, measured: true, basis: THREE };
}

/** Every merge method that was timed, in processor seconds for each GB of inputs, all its passes included. */
const MERGING = {
  linear: merging(1.04, 1.51, 3.75),
  task_arithmetic: merging(1.16, 1.76, 3.74),
  ties: merging(2.7, 4.16, 13.8),
  'ties of the whole model': merging(2.8, 3.99, 17.3),
  pcb: merging(4.77, 6.83, 14.1),
} as const;

function like(low: keyof typeof MERGING, expected: keyof typeof MERGING): Throughput {
  return {
    ...{ low: MERGING[low].low, expected: MERGING[expected].expected, high: MERGING.pcb.high, measured: false },
    basis: `never timed by the bench: taken to lie between ${low} and pcb, and to be like ${expected}`,
  };
}

/** Processor seconds for each GB of inputs of a method. `scope` is the recipe's parameter of that name. */
export function mergingOf(method: string, scope: unknown): Throughput {
  if (method === 'ties' && scope === 'model') return MERGING['ties of the whole model'];
  if (method in MERGING) return MERGING[method as keyof typeof MERGING];
  if (method === 'emr') return like('linear', 'ties');
  return like('linear', 'task_arithmetic');
}

/** Processor seconds for each GB of what is copied or averaged, whatever the method. */
export const AVERAGING: Throughput = MERGING.linear;

/** Processor seconds for 10^9 floating-point operations of a layer that is solved whole (RegMean). */
export const SOLVING: Throughput = {
  ...{ low: 1 / 35, expected: 1 / 20, high: 1 / 5, measured: true },
  basis:
    '`npm run bench:solve`, 2026-11-30, 2 x Intel Xeon: 768 x 768 0.26 s, 3072 x 768 3.06 s, 4096 x 4096 20.8 s for four models; high: half ' +
    'of what the kernels do where onnxruntime is not installed',
};

/** Processor seconds for 10^9 floating-point operations of the matrices that a model multiplies by. */
export const SCORING: Throughput = {
  ...{ low: 1 / 137, expected: 1 / 80, high: 1 / 27, measured: true },
  basis:
    '2026-11-30, 2 x Intel Xeon: a BERT of 2 layers, 384 wide, sentences of about 11 tokens; 3,000 took 3.0 s of processor time, 1,800 ' +
    'between 1.0 and 1.8 s. Other architectures and lengths were not measured: high is three times expected',
};

/** Processor seconds for loading onnxruntime and one model. */
export const OPENING: Throughput = {
  ...{ low: 0.2, expected: 0.5, high: 2, measured: true },
  basis:
    '2026-11-30, 2 x Intel Xeon: `evaluate` of one example took 1.8 s of processor time in all, of which Node.js and tokenizer are part',
};

/** Bytes of a file of examples for each token. */
export const BYTES_PER_TOKEN: Throughput = {
  ...{ low: 12, expected: 7.3, high: 4, measured: true },
  basis: 'JSON Lines of intents: 72,047 bytes for 900 sentences of about 11 tokens; Parquet packs more into a byte',
};

/** Seconds for each GB that is written, durably. */
export const WRITING: Throughput = {
  ...{ low: 0.47, expected: 3.75, high: 11.2, measured: true },
  basis:
    'low: a copy in the page cache, 2026-11-30; expected: the output of linear of 8 GB in 30 s; high: of 30 GB in 337 s (docs/results.md)',
};

/** Seconds for each GB of a file that is hashed. */
export const HASHING: Throughput = {
  ...{ low: 0.83, expected: 1.0, high: 1.2, measured: true },
  basis: 'SHA-256 of one output of the bench: 0.19 s on an EPYC, 0.27 s on a Xeon for 0.23 GB',
};

/** A transfer is expected at the machine's rate, and may take a third of that time or three times as long. */
export const TRANSFER_SPREAD = 3;

/** Bytes per second between this machine and the Hub, where nobody says otherwise. */
export const ASSUMED_NETWORK = 100e6;

/** Seconds of requests for headers of each model. */
export const PINNING: Throughput = {
  ...{ low: 0.2, expected: 1, high: 5, measured: false },
  basis: 'an assumption: a handful of requests to the Hub',
};

/** The share of a full scoring that a candidate is expected to take, which racing cuts short. */
export const RACED_SHARE: Throughput = {
  ...{ low: 0.1, expected: 0.5, high: 1, measured: false },
  basis: 'an assumption: how soon a candidate is decided depends on the models',
};
