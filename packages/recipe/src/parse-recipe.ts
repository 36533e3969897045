import { RecipeError, type Registry } from '@hubfuse/plugin';
import { join, readDocuments } from './documents.ts';
import { Field } from './fields.ts';
import { Findings } from './findings.ts';
import type { Located } from './located.ts';
import type { BaseRule } from './read-base.ts';
import type { ReadContext } from './read-context.ts';
import { readRecipe } from './read-recipe.ts';
import type { Position, Recipe } from './recipe.ts';
import type { ReferenceOptions } from './reference.ts';
import { checkStages } from './stages.ts';

export interface ParseRecipeOptions extends ReferenceOptions {
  /** Methods, tasks, metrics, dataset formats and publishers that the recipe may name. */
  registry: Registry;
  /** Name of the recipe's file, for messages. */
  file?: string | undefined;
  /** The text was made from something else, such as a command's arguments: its lines say nothing to whoever reads an error. */
  generated?: boolean | undefined;
  /**
   * What to do where the method needs `base_model` and there is none: `required` (default) refuses; `later` lets the
   * caller look into the models' cards first and call `requireBase` with what they propose.
   */
  base?: BaseRule | undefined;
}

/**
 * Reads a recipe in YAML or JSON: hubfuse's keys and all of mergekit's dialect. Everything that the text alone decides
 * is checked; nothing is fetched.
 *
 * @throws RecipeError with line, column and path of everything that is wrong (`findings`), in the order of the text.
 * What is right but not done yet has the code `recipe/not-yet` and comes behind all mistakes.
 */
export function parseRecipe(text: string, options: ParseRecipeOptions): Recipe {
  const findings = new Findings(options);
  const documents = readDocuments({ text, findings });
  findings.throwIfAny();
  const context: ReadContext = { registry: options.registry, references: options, findings, warnings: [] };
  const [first] = documents;
  if (first === undefined) {
    findings.add({ path: 'document', position: [1, 1] }, EMPTY);
    findings.throwIfAny();
  }
  const read = (node: Located, path: string): Recipe | undefined => {
    const source = { file: options.file, text, positions: options.generated ? undefined : positionsOf(node, path) };
    return readRecipe(new Field({ node, path, findings }), { context, source, baseRule: options.base ?? 'required' });
  };
  if (documents.length > 1) checkStages({ documents, context, read });
  const recipe = first === undefined ? undefined : read(first, '');
  findings.throwIfAny();
  if (recipe === undefined) throw new RecipeError({ code: 'recipe/unreadable', message: 'the recipe cannot be read' });
  return recipe;
}

const EMPTY = {
  code: 'recipe/empty',
  message: 'the recipe is empty; a recipe is a mapping',
  hint: 'start with merge_method, models and base_model',
};

/** Position of every setting by its path, for messages of later phases. */
function positionsOf(root: Located, path: string): Record<string, Position> {
  const positions: Record<string, Position> = Object.create(null);
  const visit = (node: Located, at: string): void => {
    positions[at] = node.position;
    if (node.kind === 'sequence') for (const [index, item] of node.items.entries()) visit(item, join(at, index));
    if (node.kind === 'mapping') for (const [key, entry] of node.entries) visit(entry.value, join(at, key));
  };
  visit(root, path);
  return positions;
}
