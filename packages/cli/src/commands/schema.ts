import { defineCommand } from '../command.ts';

export default defineCommand({
  name: 'schema',
  summary: 'Print the JSON Schema of recipes',
  description: [
    'Editors check and complete recipes with it. Methods, tasks and metrics of plugins are part of it. With ' +
      '# yaml-language-server: $schema=recipe.schema.json as its first line, a recipe names it itself.',
  ],
  positionals: [],
  options: {},
  examples: [{ command: 'hubfuse schema > recipe.schema.json', explanation: 'save it for an editor' }],
  async run({ output, registry }) {
    const { recipeSchema } = await import('@hubfuse/recipe');
    const schema = recipeSchema(await registry());
    output.result({ schema }, () => JSON.stringify(schema, undefined, 2));
    return undefined;
  },
});
