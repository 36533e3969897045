import { readdirSync, readFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { join } from 'node:path';
import type { Device } from '@hubfuse/plugin';

/** onnxruntime's library reads this from the process when it is loaded. */
export function disableTelemetry(): void {
  process.env.ORT_DISABLE_TELEMETRY = '1';
}

/** Where NVIDIA's driver tells of its graphics processors, also in a container: a folder for each. */
const NVIDIA = '/proc/driver/nvidia/gpus';

/**
 * Model name of what computes on a device: of the processor as the operating system gives it, and of a graphics processor where its
 * driver tells it; machines of one processor may have different ones.
 * @param folder default: that of NVIDIA's driver
 */
export function processorName(device: Device = 'cpu', folder = NVIDIA): string {
  const processor = cpus()[0]?.model.trim() ?? 'unknown';
  return device === 'cpu' ? processor : (graphicsProcessor(folder) ?? processor);
}

function graphicsProcessor(folder: string): string | undefined {
  try {
    const [first] = readdirSync(folder).sort();
    return /^Model:\s*(.+?)\s*$/m.exec(readFileSync(join(folder, first ?? '', 'information'), 'utf8'))?.[1];
  } catch {
    // Another maker's, or none that says so.
    return undefined;
  }
}

/** Worker threads where nothing is said: each holds the weights once, so a large machine is not filled. */
export function defaultWorkers(): number {
  return Math.min(8, availableParallelism());
}
