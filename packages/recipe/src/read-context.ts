import type { Registry } from '@hubfuse/plugin';
import type { Findings } from './findings.ts';
import type { RecipeWarning } from './recipe.ts';
import type { ReferenceOptions } from './reference.ts';

/** What the readers of a recipe's parts share. */
export interface ReadContext {
  registry: Registry;
  references: ReferenceOptions;
  findings: Findings;
  warnings: RecipeWarning[];
}
