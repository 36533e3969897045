import { readdir } from 'node:fs/promises';
import type { OperatorRule } from './rule.ts';

/** Rules by operator. */
export type OperatorRules = ReadonlyMap<string, OperatorRule>;

let loaded: Promise<OperatorRules> | undefined;

/** The rules of all operators: every module of the folder `rules`. */
export function operatorRules(): Promise<OperatorRules> {
  loaded ??= loadRules(new URL('./rules/', import.meta.url));
  return loaded;
}

async function loadRules(folder: URL): Promise<OperatorRules> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.js') && !name.includes('.test.'));
  const modules = await Promise.all(names.map((name) => import(new URL(name, folder).href)));
  return new Map(modules.map((module: { default: OperatorRule }) => [module.default.operator, module.default]));
}
