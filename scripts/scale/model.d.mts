export interface Machine {
  name: string;
  vcpus: number;
  network: number;
  startSeconds: number;
  usdPerHour: number;
}
export interface OneMachine {
  waitSeconds: number;
  runSeconds: number;
  secondsPerChild: number;
  secondsPerGbFetched: number;
  secondsPerGb: number;
  processors: number;
}
export interface MeasuredRun {
  children: number;
  gb: number;
  seconds: number;
  processorSeconds: number;
}
export function secondsOnOneMachine(run: OneMachine & { children: number; gb: number }): number;
export function fitOneMachine(runs: {
  few: MeasuredRun;
  many: MeasuredRun;
  fewLarge: MeasuredRun;
  manyLarge: MeasuredRun;
  processors: number;
}): OneMachine;
export function bytesOfShare(share: { bytes: number; fileBytes: number; children: number; index: number }): number;
export interface SharedMerge {
  parameters: number;
  models: number;
  bytesPerParameter: number;
  fileBytes: number;
  children: number;
  machine: Machine;
  processorSecondsPerGb: number;
  writingSecondsPerGb: number;
  usdPerGbSent: number;
}
export function simulateSharedMerge(merge: SharedMerge): {
  seconds: Record<'start' | 'fetch' | 'merge' | 'store' | 'gather' | 'publish', number>;
  total: number;
  machineSeconds: number;
  usd: number;
  moved: Record<'fromHub' | 'toStore' | 'fromStore' | 'toHub', number>;
  bottleneck: string;
};
export function costOfLostChild(merge: SharedMerge & { leaseSeconds: number; partsPerChild: number }): {
  seconds: number;
  bytes: number;
  usd: number;
};
export function simulatePopulation(search: {
  population: number;
  machines: number;
  generations: number;
  parameters: number;
  bytesPerParameter: number;
  tokens: number;
  matrixShare: number;
  racedShare: number;
  machine: Machine;
  processorSecondsPerGb: number;
  secondsPerGflop: number;
}): {
  seconds: Record<'start' | 'fetch' | 'build' | 'score', number>;
  total: number;
  machineSeconds: number;
  usd: number;
  moved: { fromHub: number };
  bottleneck: string;
  lost: { seconds: number; bytes: number; usd: number };
};
