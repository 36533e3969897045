import type { MethodOptions } from '@hubfuse/plugin';
import { type DType, isFloatDType } from '@hubfuse/tensors';
import type { AlignedTensor } from './align.ts';
import { configWarnings } from './config-warnings.ts';
import { isNamed } from './is-named.ts';
import type { PlacedInput } from './merge-input.ts';
import type { PlannedTensor } from './merge-plan.ts';
import type { Naming } from './naming.ts';

interface WarningContext {
  inputs: readonly PlacedInput[];
  naming: Naming;
  /** Every tensor that some input stores and that goes somewhere, heads that are kept apart among them. */
  aligned: readonly AlignedTensor[];
  planned: readonly PlannedTensor[];
  method: MethodOptions;
}

/** What a reader of the plan would not expect of a merge: models that differ in kind, tensors that are not merged. */
export function planWarnings(context: WarningContext): string[] {
  return [
    ...configWarnings(context.inputs),
    ...ruleWarnings(context.planned),
    ...copyWarnings(context),
    ...excludeWarnings(context),
  ];
}

function ruleWarnings(tensors: readonly PlannedTensor[]): string[] {
  const warnings: string[] = [];
  const count = (what: string, matching: PlannedTensor[]) => {
    if (matching.length > 0) warnings.push(`${matching.length} tensors ${what}, e.g. ${matching[0]?.name}`);
  };
  count(
    'are not in every model',
    tensors.filter(({ rule, note }) => rule === 'method' && note?.includes('not in ')),
  );
  count(
    'are not in the base and are averaged',
    tensors.filter(({ rule }) => rule === 'average'),
  );
  count(
    'hold float64 and are merged in float32',
    tensors.filter(({ rule, parts }) => rule !== 'copy' && parts.some(({ dtype }) => dtype === 'F64')),
  );
  return warnings;
}

/** Tensors that come from one input because of what they hold, although they may be weights. */
function copyWarnings({ inputs, naming, aligned, planned }: WarningContext): string[] {
  const storedBy = new Map(aligned.map(({ canonical, stored }) => [canonical, stored]));
  const groups = new Map<string, string[]>();
  for (const { name, rule, dtype, parts } of planned) {
    const [part] = parts;
    if (rule !== 'copy' || part === undefined || isFloatDType(dtype)) continue;
    const stored = [...(storedBy.get(naming.canonical(part.name)) ?? [])];
    const others = stored.filter(([, tensor]) => tensor.dtype !== dtype);
    if (others.length === 0 && isBuffer(name, dtype, naming)) continue;
    const differing = others.map(([input, tensor]) => `, ${tensor.dtype} in ${inputs[input]?.source.name}`);
    const group = `of dtype ${dtype}${differing.join('')} are copied from ${inputs[part.input]?.source.name}, not merged`;
    groups.set(group, [...(groups.get(group) ?? []), name]);
  }
  return [...groups].map(([group, names]) => `${names.length} tensors ${group}, e.g. ${names[0]}`);
}

/** Whole numbers are weights only where they are quantised: an architecture that is known says which are not. */
function isBuffer(name: string, dtype: DType, { architecture }: Naming): boolean {
  if (!/^[IU]\d|^BOOL$/.test(dtype)) return false;
  return architecture === undefined || architecture.buffers.some((ending) => name.endsWith(ending));
}

function excludeWarnings({ aligned, method }: WarningContext): string[] {
  const { exclude } = method.parameters;
  if (!Array.isArray(exclude)) return [];
  const names = aligned.flatMap(({ canonical, stored }) => [
    canonical,
    ...[...stored.values()].map(({ name }) => name),
  ]);
  const unknown = (exclude as readonly string[]).filter((part) => !names.some((name) => isNamed(name, [part])));
  return unknown.length === 0 ? [] : [`exclude: no tensor has ${unknown.join(' or ')} in its name`];
}
