import type { ParameterValue } from '@hubfuse/plugin';

/** One value everywhere, or a gradient over depth: values at equal distances from the first layer to the last. */
export type PlainSetting =
  | { kind: 'constant'; value: ParameterValue }
  | { kind: 'gradient'; values: readonly number[] };

/** One line of a filter list. */
export interface FilteredSetting {
  /** Case-sensitive substring of a tensor's name; absent or `*`: every tensor. */
  filter?: string | undefined;
  value: PlainSetting;
}

/** What a recipe says about one parameter at one level. */
export type Setting = PlainSetting | { kind: 'filters'; entries: readonly FilteredSetting[] };

/** Settings of one level by parameter name. */
export type Settings = Readonly<Record<string, Setting>>;

/**
 * The value of a setting for one tensor.
 *
 * Filters are tried in order and the first that is part of the tensor's name wins. A gradient of n values is read at
 * x = depth (n - 1) as (1 - f) a + f b between the neighbours a and b, f being the fraction of x, in float64.
 *
 * @param options.depth 0 for the first layer and for tensors outside the stack, 1 for the last layer.
 * @returns undefined where no filter matches: the next level is asked then.
 */
export function parameterValue(options: {
  setting: Setting;
  tensorName: string;
  depth: number;
}): ParameterValue | undefined {
  const { setting, tensorName, depth } = options;
  if (setting.kind !== 'filters') return plainValue(setting, depth);
  const entry = setting.entries.find(({ filter }) => matches(filter, tensorName));
  return entry === undefined ? undefined : plainValue(entry.value, depth);
}

/** Whether a filter takes every tensor. */
export function isCatchAll(filter: string | undefined): boolean {
  return filter === undefined || filter === '*';
}

/**
 * Position of a layer on a gradient: layer / (layers - 1), 1 in a stack of one layer, 0 for tensors outside the stack
 * (mergekit's rule, so that its files keep their meaning: the head takes the first value, not the last).
 */
export function layerDepth(options: { layer: number | undefined; layers: number }): number {
  if (options.layer === undefined) return 0;
  return options.layers <= 1 ? 1 : options.layer / (options.layers - 1);
}

function matches(filter: string | undefined, tensorName: string): boolean {
  return isCatchAll(filter) || tensorName.includes(filter ?? '');
}

function plainValue(setting: PlainSetting, depth: number): ParameterValue | undefined {
  if (setting.kind === 'constant') return setting.value;
  const { values } = setting;
  const last = values.length - 1;
  const x = Math.min(Math.max(depth, 0), 1) * last;
  const index = Math.floor(x);
  const fraction = x - index;
  const a = values[index];
  const b = values[Math.min(index + 1, last)];
  return a === undefined || b === undefined ? undefined : (1 - fraction) * a + fraction * b;
}
