import type { Device } from '@hubfuse/plugin';
import type { Recipe } from '@hubfuse/recipe';
import type { ExecutionOptions } from '../execution.ts';

/** Where the scores of a run are computed. */
export function deviceOfRun(
  { device, defaultDevice = 'cpu' }: Pick<ExecutionOptions, 'device' | 'defaultDevice'>,
  { evaluate }: Pick<Recipe, 'evaluate'>,
): Device {
  return device ?? evaluate?.device ?? defaultDevice;
}
