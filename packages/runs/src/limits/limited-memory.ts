import { ResourceError } from '@hubfuse/plugin';
import type { RunLimits } from '@hubfuse/recipe';

/**
 * The bytes that a merge may use: what was asked for, or all that the limit allows.
 * @throws ResourceError `run/memory-limit` where more was asked for than the limit allows.
 */
export function limitedMemory(asked: number | undefined, { memory: limit }: RunLimits): number | undefined {
  if (limit === undefined) return asked;
  if (asked === undefined || asked <= limit) return asked ?? limit;
  throw new ResourceError({
    code: 'run/memory-limit',
    where: 'limits.memory',
    message: `${asked} bytes of memory were asked for, and the run may use ${limit}`,
    hint: 'ask for less (--memory), or raise limits.memory',
  });
}
