import type { Field } from './fields.ts';
import type { MethodSpec } from './method-spec.ts';
import { BUDGET_KEYS, readBudget } from './read-budget.ts';
import type { ReadContext } from './read-context.ts';
import { readPopulation } from './read-population.ts';
import type { ModelEntry } from './recipe.ts';
import type { EvolveMode, EvolveReference, EvolveSection } from './search-section.ts';

const KEYS = [
  ...['mode', 'generations', 'scale', 'crossover', 'reference', 'update', 'order', 'population', 'exclude'],
  'refresh',
  ...BUDGET_KEYS,
];

/** Others that an offspring needs beside its parent. */
const PARTNERS: Readonly<Record<EvolveMode, number>> = { differential: 2, blend: 1 };

export const EVOLVE_DEFAULTS = { mode: 'differential', generations: 15, scale: 0.5, crossover: 0.5 } as const;

export interface EvolveContext extends ReadContext {
  method: MethodSpec | undefined;
  /** The models that take part in the merge. */
  models: readonly ModelEntry[];
}

/** The `evolve:` block, or its defaults where the method evolves by itself (`field` is `merge_method` then). */
export function readEvolve(field: Field, context: EvolveContext): EvolveSection | undefined {
  const isBlock = field.node.kind === 'mapping';
  if (!isBlock && field.path === 'evolve' && !field.expectMapping(KEYS)) return undefined;
  if (isBlock && !field.expectMapping(KEYS)) return undefined;
  const mode = field.get('mode')?.choice(['differential', 'blend'] as const) ?? EVOLVE_DEFAULTS.mode;
  checkSize(field, mode, context);
  return {
    mode,
    generations: field.get('generations')?.integer({ minimum: 1 }) ?? EVOLVE_DEFAULTS.generations,
    scale: field.get('scale')?.number({ above: 0, maximum: mode === 'blend' ? 1 : 2 }) ?? EVOLVE_DEFAULTS.scale,
    crossover: field.get('crossover')?.number({ above: 0, maximum: 1 }) ?? EVOLVE_DEFAULTS.crossover,
    reference: readReferenceRule(field, mode, context),
    update: field.get('update')?.choice(['steady', 'synchronous'] as const) ?? 'steady',
    order: field.get('order')?.choice(['fixed', 'random'] as const) ?? (context.method?.evolves ? 'fixed' : 'random'),
    population: readPopulation(field.get('population'), context),
    exclude: readExclude(field.get('exclude')),
    ...readRefresh(field.get('refresh')),
    budget: readBudget(field),
    path: field.path,
  };
}

function readReferenceRule(field: Field, mode: EvolveMode, { method }: EvolveContext): EvolveReference {
  const given = field.get('reference');
  const rule = given?.choice(['random', 'best', 'adaptive'] as const);
  const choosesOne = mode === 'blend';
  if (given !== undefined && rule !== undefined && !choosesOne && rule !== 'random') {
    given.report({
      code: 'recipe/contradiction',
      message: `reference: ${rule} has no meaning with mode: ${mode}, whose two references are random`,
      hint: 'remove it, or set mode: blend',
    });
  }
  if (given !== undefined && rule !== undefined && rule !== 'random' && choosesOne && method?.evolves !== true) {
    given.report({
      code: 'recipe/contradiction',
      message: `reference: ${rule} needs a score for each model, and in front of a merge method only the merge has one`,
      hint: 'remove it, or evolve the models alone with merge_method: evolver',
    });
  }
  return rule ?? (choosesOne && method?.evolves === true ? 'adaptive' : 'random');
}

/** Where the models could not be read, their own mistakes are enough. */
function checkSize(field: Field, mode: EvolveMode, { models }: EvolveContext): void {
  const needed = 1 + PARTNERS[mode];
  const size = models.length;
  if (size >= needed || size === 0) return;
  (field.get('mode') ?? field).report({
    code: 'recipe/population',
    message: `mode: ${mode} needs at least ${needed} models that evolve, and the recipe has ${size}`,
    hint:
      size > PARTNERS.blend
        ? 'set mode: blend under `evolve`, which needs two, or add models'
        : 'add models: an offspring arises from several',
  });
}

function readRefresh(field: Field | undefined): Pick<EvolveSection, 'refresh'> {
  const refresh = field?.choice(['grams', 'fisher'] as const);
  return refresh === undefined ? {} : { refresh };
}

function readExclude(field: Field | undefined): string[] {
  if (field === undefined) return [];
  const what = 'a part of a tensor name';
  if (field.node.kind === 'scalar') return [field.text(what)].filter((text) => text !== undefined);
  const items = field.items(`a list of parts of tensor names`) ?? [];
  return items.map((item) => item.text(what)).filter((text) => text !== undefined);
}
