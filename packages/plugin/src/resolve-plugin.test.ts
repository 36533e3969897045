import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Registry } from './registry.ts';
import { resolvePlugin } from './resolve-plugin.ts';

const PLUGIN = "export default { kind: 'launcher', name: 'mine', launch: () => Promise.resolve('') };\n";
let project: string;
beforeEach(async () => {
  project = await mkdtemp(join(tmpdir(), 'hubfuse plugin #'));
});
afterEach(() => rm(project, { recursive: true, force: true }));

async function installPackage(name: string, fields: object): Promise<void> {
  const folder = join(project, 'node_modules', name);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'package.json'), JSON.stringify({ name, type: 'module', ...fields }));
  await writeFile(join(folder, 'plugin.js'), PLUGIN);
}

test.each([
  ['main', { main: './plugin.js' }],
  ['an export', { exports: './plugin.js' }],
  ['an export for import alone', { exports: { '.': { types: './plugin.d.ts', import: './plugin.js' } } }],
  ['nested conditions', { exports: { import: { default: './plugin.js' } } }],
])('a package is found by its name, with %s', async (_, fields) => {
  await installPackage('my-plugin', fields);
  const registry = new Registry();
  await mkdir(join(project, 'deeper'));
  await registry.loadPlugin('my-plugin', join(project, 'deeper'));
  expect(registry.names('launcher')).toEqual(['mine']);
});

test('a file is taken relative to the folder, whatever characters are in its path', async () => {
  await writeFile(join(project, 'plugin.js'), PLUGIN);
  expect(resolvePlugin('./plugin.js', project)).toBe(pathToFileURL(join(project, 'plugin.js')).href);
  expect(resolvePlugin('plugin.js', project)).toBe(pathToFileURL(join(project, 'plugin.js')).href);
});

test('a package that is not installed is an error that says how a plugin is named', async () => {
  await expect(new Registry().loadPlugin('no-such-plugin', project)).rejects.toThrow('./my-method.js');
});
