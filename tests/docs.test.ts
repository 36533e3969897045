import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseRecipe } from '@hubfuse/recipe';
import { createRegistry, EXIT_CODES, loadCommands, renderDocumentation } from 'hubfuse';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '..');
const docs = join(root, 'docs');
const pages = await renderDocumentation(await createRegistry(root, []));

test.each([...pages.keys()])('docs/%s says what the code says (node scripts/docs.mjs writes it)', async (path) => {
  expect(await readFile(join(docs, path), 'utf8')).toBe(pages.get(path));
});

test('there is no page of a method that is gone', async () => {
  const files = (await readdir(join(docs, 'methods'))).map((name) => `methods/${name}`);
  expect(files.filter((file) => !pages.has(file))).toEqual([]);
});

test('links between the pages lead to files that exist', async () => {
  const files = ['README.md', ...(await readdir(docs, { recursive: true })).map((name) => join('docs', name))];
  for (const file of files.filter((name) => name.endsWith('.md'))) {
    const text = await readFile(join(root, file), 'utf8');
    for (const [, target = ''] of text.matchAll(/\]\((?!https?:|#)([^)#]+)(?:#[^)]*)?\)/g)) {
      const path = join(root, file, '..', target);
      await expect(
        readFile(path).catch((error: NodeJS.ErrnoException) => error.code),
        `${file}: ${target}`,
      ).resolves.not.toBe('ENOENT');
    }
  }
});

test('the README states every exit code and what it means', async () => {
  const readme = await readFile(join(root, 'README.md'), 'utf8');
  for (const { code, meaning } of Object.values(EXIT_CODES)) expect(readme).toContain(`| ${code} | ${meaning} |`);
});

test('the commands of the README are commands that exist, with options that exist', async () => {
  const readme = await readFile(join(root, 'README.md'), 'utf8');
  const commands = new Map((await loadCommands()).map((command) => [command.name, command]));
  const shell = blocks(readme, 'sh').join('\n').replaceAll('\\\n', ' ');
  const lines = shell.match(/^hubfuse .*$/gm) ?? [];
  expect(lines.length).toBeGreaterThan(3);
  for (const line of lines) {
    const [, name = '', ...argv] = line.replace(/#.*$/, '').trim().split(/\s+/);
    const command = commands.get(name);
    expect(command, line).toBeDefined();
    for (const argument of argv.filter((word) => word.startsWith('--'))) {
      expect(Object.keys(command?.options ?? {}), line).toContain(argument.slice(2));
    }
  }
});

test.each(['README.md', 'docs/recipe.md'])('the recipe in %s is one that hubfuse reads', async (file) => {
  const registry = await createRegistry(root, []);
  const [recipe = ''] = blocks(await readFile(join(root, file), 'utf8'), 'yaml');
  expect(parseRecipe(recipe, { registry, file }).method).toBe('pcb');
});

/** Contents of the fenced blocks of one language. */
function blocks(markdown: string, language: string): string[] {
  return [...markdown.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'gm'))].map(
    ([, content = '']) => content,
  );
}
