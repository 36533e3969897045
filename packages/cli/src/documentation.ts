import { describeApi, renderApiReference } from '@hubfuse/api';
import type { Registry } from '@hubfuse/plugin';
import { recipeSchema } from '@hubfuse/recipe';
import { renderCommandReference } from './command-reference.ts';
import { loadCommands } from './command-table.ts';
import { renderMethodPage } from './method-pages.ts';

/** The pages that are generated from what is registered, by path below the folder of the documentation. */
export async function renderDocumentation(registry: Registry): Promise<ReadonlyMap<string, string>> {
  const methods = registry.list('method');
  return new Map([
    ['api.md', renderApiReference(await describeApi())],
    ['cli.md', renderCommandReference(await loadCommands())],
    ['recipe.schema.json', `${JSON.stringify(recipeSchema(registry), undefined, 2)}\n`],
    ...methods.map((method): [string, string] => [`methods/${method.name}.md`, renderMethodPage(method)]),
  ]);
}
