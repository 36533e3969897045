import { UsageError } from '@hubfuse/plugin';
import type { EvolveOptions, EvolverSettings } from './evolver-types.ts';

/** Settings without gaps. */
export type ResolvedSettings = { [Key in keyof EvolverSettings]-?: NonNullable<EvolverSettings[Key]> };

const MAXIMUM_SCALE = 2;

/**
 * Fills in defaults.
 * @throws UsageError where a value is out of range or there are too few models for the mode
 */
export function resolveSettings({ settings = {}, merged, models }: EvolveOptions): ResolvedSettings {
  const resolved: ResolvedSettings = {
    seed: settings.seed ?? 0,
    mode: settings.mode ?? 'differential',
    scale: settings.scale ?? 0.5,
    crossover: settings.crossover ?? 0.5,
    reference: settings.reference ?? (merged ? 'random' : 'adaptive'),
    update: settings.update ?? 'steady',
    order: settings.order ?? (merged ? 'random' : 'fixed'),
    generations: settings.generations ?? 15,
    dtype: settings.dtype ?? 'F32',
    exclude: settings.exclude ?? [],
  };
  const { mode, scale, crossover, generations, seed, dtype } = resolved;
  const needed = mode === 'differential' ? 3 : 2;
  if (models.length < needed) {
    throw new UsageError({
      code: 'evolve/too-few-models',
      where: 'models',
      message: `${mode} evolution needs ${needed} models, and there are ${models.length}`,
      hint:
        models.length === 2
          ? 'name a third model, or set mode: blend, which needs two'
          : 'name the models to be evolved',
    });
  }
  const require = (name: string, holds: boolean, wanted: string): void => {
    if (holds) return;
    throw new UsageError({
      code: 'evolve/bad-setting',
      where: name,
      message: `${name} is ${String(resolved[name as keyof ResolvedSettings])} where ${wanted} is needed`,
    });
  };
  require('scale', scale >= 0 && scale <= MAXIMUM_SCALE, `a number from 0 to ${MAXIMUM_SCALE}`);
  require('crossover', crossover >= 0 && crossover <= 1, 'a number from 0 to 1');
  require('generations', Number.isInteger(generations) && generations > 0, 'a positive whole number');
  require('seed', Number.isSafeInteger(seed) && seed >= 0, 'a whole number from 0 to 2^53 - 1');
  require('dtype', ['F32', 'F16', 'BF16'].includes(dtype), 'F32, F16 or BF16');
  return resolved;
}
