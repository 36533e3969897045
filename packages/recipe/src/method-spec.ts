import type { MergeMethod, Parameter, Registry } from '@hubfuse/plugin';
import { MERGEKIT_METHODS } from './mergekit-methods.ts';

/** What a recipe must know of a merge method: all but its arithmetic. */
export type MethodSpec = Pick<
  MergeMethod,
  'name' | 'base' | 'models' | 'parameters' | 'evolves' | 'result' | 'statistics'
>;

/** The declaration of a method, and whether hubfuse has it or only knows of it. */
export interface FoundMethod {
  spec: MethodSpec;
  registered: boolean;
}

/** A registered method, else one that mergekit has: its recipes are checked just as well before they are put off. */
export function findMethod(registry: Registry, name: string): FoundMethod | undefined {
  const registered = registry.find('method', name);
  if (registered !== undefined) return { spec: registered, registered: true };
  const known = MERGEKIT_METHODS.find((method) => method.name === name);
  return known === undefined ? undefined : { spec: known, registered: false };
}

/** Names of the methods that know a parameter. */
export function methodsWith(registry: Registry, parameter: string): string[] {
  const specs: readonly MethodSpec[] = [...registry.list('method'), ...MERGEKIT_METHODS];
  return [
    ...new Set(specs.filter((spec) => parameterOf(spec, parameter) !== undefined).map((spec) => spec.name)),
  ].sort();
}

/** The parameter of that name; names such as `constructor` are none. */
export function parameterOf(spec: MethodSpec, name: string): Parameter | undefined {
  return Object.hasOwn(spec.parameters, name) ? spec.parameters[name] : undefined;
}
