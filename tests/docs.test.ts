import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createRegistry, renderDocumentation } from 'hubfuse';
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
