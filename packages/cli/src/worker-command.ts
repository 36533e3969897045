import { fileURLToPath } from 'node:url';
import type { WorkerCommand } from '@hubfuse/runs';

/** How a launcher starts this command for one run, with the plugins that were given here. */
export function workerCommand({ plugins }: { plugins: readonly string[] }): WorkerCommand {
  return {
    bin: fileURLToPath(new URL('../bin/hubfuse.js', import.meta.url)),
    arguments: plugins.flatMap((name) => ['--plugin', name]),
  };
}
