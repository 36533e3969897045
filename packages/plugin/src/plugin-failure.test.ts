import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import type { PluginError } from './errors.ts';
import { pluginFailure } from './plugin-failure.ts';

const folder = await mkdtemp(join(tmpdir(), 'hubfuse plugin #'));
afterAll(() => rm(folder, { recursive: true, force: true }));

async function failureOf(name: string, text: string, cause: unknown): Promise<PluginError> {
  const file = join(folder, name);
  await writeFile(file, text);
  return await pluginFailure({ specifier: `./${name}`, url: pathToFileURL(file).href, cause });
}

test('a syntax error is told with its line', async () => {
  const error = await failureOf(
    'bad.mjs',
    'export default {\n  name: "x" "y",\n};\n',
    new SyntaxError('Unexpected string'),
  );
  expect(error.where).toBe(`${join(folder, 'bad.mjs')}:2`);
  expect(error.message).toContain('Unexpected string');
  expect(error.hint).not.toContain('name a file');
});

test('a syntax error in a module that the plugin imports is no place in the plugin', async () => {
  const error = await failureOf('fine.mjs', 'export default {};\n', new SyntaxError('Unexpected string'));
  expect(error.where).toBeUndefined();
  expect(error.hint).toContain('node --check');
});

test('a package that the plugin imports and nobody installed is named', async () => {
  const message = `Cannot find package 'far' imported from ${folder}/lacks.mjs`;
  const cause = Object.assign(new Error(message), { code: 'ERR_MODULE_NOT_FOUND' });
  const error = await failureOf('lacks.mjs', 'import "far";\n', cause);
  expect(error.summary).toBe(`the plugin "./lacks.mjs" cannot be loaded: ${message}`);
  expect(error.hint).toContain('npm install far');
});

test('what the plugin itself throws is told with its line', async () => {
  const file = join(folder, 'throws.mjs');
  const cause = Object.assign(new Error('boom'), { stack: `Error: boom\n    at ${pathToFileURL(file).href}:2:7` });
  expect((await failureOf('throws.mjs', '\nthrow new Error("boom");\n', cause)).where).toBe(`${file}:2`);
});

test('a plugin that does not exist is told by what was looked for, without the stack of a require', async () => {
  const cause = Object.assign(new Error("Cannot find module 'no'\nRequire stack:\n- /x"), { code: 'MODULE_NOT_FOUND' });
  const unknown = await pluginFailure({ specifier: 'no', url: undefined, cause });
  expect(unknown.message).not.toContain('Require stack');
  expect(unknown.hint).toContain('name a file');
  const absent = pathToFileURL(join(folder, 'absent.js')).href;
  const error = await pluginFailure({ specifier: './absent.js', url: absent, cause });
  expect(error.message).toContain(`there is no file ${join(folder, 'absent.js')}`);
});
