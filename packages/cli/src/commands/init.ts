import { open } from 'node:fs/promises';
import { resolve } from 'node:path';
import { UsageError } from '@hubfuse/plugin';
import { defineCommand } from '../command.ts';
import { initialRecipe } from '../initial-recipe.ts';

export default defineCommand({
  name: 'init',
  summary: 'Write a recipe to start from',
  description: ['An existing file is never overwritten.'],
  positionals: [{ name: 'file', description: 'where the recipe goes (default: recipe.yaml)', required: false }],
  options: {
    method: { type: 'text', value: 'name', default: 'pcb', description: 'the merge method' },
  },
  examples: [
    { command: 'hubfuse init', explanation: 'write recipe.yaml' },
    { command: 'hubfuse init ties.yaml --method ties', explanation: 'with the parameters of another method' },
  ],
  async run({ positionals, options, output, directory, registry }) {
    const method = (await registry()).get('method', options.method ?? 'pcb');
    const file = positionals[0] ?? 'recipe.yaml';
    try {
      const handle = await open(resolve(directory, file), 'wx');
      await handle.writeFile(initialRecipe(method));
      await handle.close();
    } catch (cause) {
      const exists = (cause as NodeJS.ErrnoException).code === 'EEXIST';
      throw new UsageError({
        code: exists ? 'usage/file-exists' : 'usage/cannot-write',
        message: exists ? `${file} exists already` : `${file} cannot be written: ${(cause as Error).message}`,
        hint: 'name another file: hubfuse init <file>',
        cause,
      });
    }
    output.result({ file, method: method.name }, () => `${file} written; next: hubfuse plan ${file}`);
    return undefined;
  },
});
