import { availableParallelism, cpus } from 'node:os';

/** onnxruntime's library reads this from the process when it is loaded. */
export function disableTelemetry(): void {
  process.env.ORT_DISABLE_TELEMETRY = '1';
}

/** Model name of the processor as the operating system gives it. */
export function processorName(): string {
  return cpus()[0]?.model.trim() ?? 'unknown';
}

/** Worker threads where nothing is said: each holds the weights once, so a large machine is not filled. */
export function defaultWorkers(): number {
  return Math.min(8, availableParallelism());
}
