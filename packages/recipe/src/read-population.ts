import { RecipeError } from '@hubfuse/plugin';
import type { Field } from './fields.ts';
import type { ReadContext } from './read-context.ts';
import type { ModelEntry } from './recipe.ts';
import { type ModelReference, parseModelReference, sameModel } from './reference.ts';

/**
 * What evolves: `models`, or the same said by a list of them. The population is the models themselves, each of them once (Du et al.,
 * arXiv 2406.12208): it has no random individuals, none twice, and none that is merged and does not evolve.
 */
export function readPopulation(
  field: Field | undefined,
  { models, references }: ReadContext & { models: readonly ModelEntry[] },
): 'models' {
  if (field === undefined) return 'models';
  if (field.node.kind === 'scalar') return field.choice(['models'] as const) ?? 'models';
  const named = new Set<ModelEntry>();
  const entries = field.items('`models`, or a list of them') ?? [];
  for (const entry of entries) {
    const text = entry.text('a model of this recipe');
    if (text === undefined) continue;
    const model = find(text, models, references);
    if (model === undefined) {
      entry.report({
        code: 'recipe/population',
        message: `"${text}" is none of the models of this recipe`,
        hint: 'the population is the models themselves: name it under `models` too',
      });
    } else if (named.has(model)) {
      entry.report({
        code: 'recipe/population',
        message: `"${text}" stands in the population twice, and a copy brings no differences`,
        hint: 'name each model once',
      });
    } else named.add(model);
  }
  const missing = models.find((model) => !named.has(model));
  if (missing !== undefined && named.size === entries.length) {
    field.report({
      code: 'recipe/population',
      message: `${missing.text} is merged and is not in the population`,
      hint: 'all models evolve: name it too, or remove it from `models`; what shall not change can be left out by `exclude`',
    });
  }
  return 'models';
}

function find(
  text: string,
  models: readonly ModelEntry[],
  references: ReadContext['references'],
): ModelEntry | undefined {
  const exact = models.find((model) => model.text === text);
  if (exact !== undefined) return exact;
  let reference: ModelReference;
  try {
    reference = parseModelReference(text, references);
  } catch (error) {
    // What is no reference is none of the models.
    if (error instanceof RecipeError) return undefined;
    throw error;
  }
  return models.find((model) => sameModel(model.reference, reference));
}
