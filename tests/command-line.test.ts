import { exec } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { loadCommands } from 'hubfuse';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { BIN, hubfuse } from './support/hubfuse.ts';

const MEDIAN = join(import.meta.dirname, '../examples/plugin-median/median.js');
let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'hubfuse-command-line-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

const commands = await loadCommands();

test('the overview lists every command', async () => {
  const { code, stdout } = await hubfuse(['--help']);
  expect(code).toBe(0);
  for (const command of commands) expect(stdout).toContain(`  ${command.name} `);
});

test.each(commands.map((command) => command.name))(
  'hubfuse %s --help shows usage, options and examples',
  async (name) => {
    const { code, stdout, stderr } = await hubfuse([name, '--help']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain(`Usage: hubfuse ${name}`);
    expect(stdout).toContain('Examples:');
  },
);

test('no command at all shows the overview and counts as wrong usage', async () => {
  const { code, stdout } = await hubfuse([]);
  expect(code).toBe(2);
  expect(stdout).toContain('Usage: hubfuse <command>');
});

test('a reader that takes its time gets all of a long output', async () => {
  const { stdout } = await hubfuse(['schema']);
  // A pipe of the shell holds 64 KiB; those that Node makes for its children are sockets, which hold more.
  const { stdout: counted } = await promisify(exec)(`"${process.execPath}" "${BIN}" schema | (sleep 0.5; wc -c)`);
  expect(Number(counted)).toBe(Buffer.byteLength(stdout));
});

test('a misspelt command is answered with the one that was meant, without a stack', async () => {
  const { code, stdout, stderr } = await hubfuse(['methds']);
  expect({ code, stdout, stderr }).toEqual({
    code: 2,
    stdout: '',
    stderr: 'error: hubfuse has no command "methds"\n  did you mean methods?\n',
  });
});

test('with --json a failure is one JSON object on stdout', async () => {
  const { code, lines } = await hubfuse(['methods', 'tis', '--json']);
  expect(code).toBe(2);
  expect(lines()).toMatchObject([{ event: 'error', exitCode: 2, code: 'plugin/unknown-method' }]);
});

test('HUBFUSE_DEBUG shows the stack, and an empty one counts as unset', async () => {
  expect((await hubfuse(['methds'], { variables: { HUBFUSE_DEBUG: '1' } })).stderr).toContain('    at ');
  expect((await hubfuse(['methds'], { variables: { HUBFUSE_DEBUG: '' } })).stderr).not.toContain('    at ');
});

test('a missing column is named as the command line names columns', async () => {
  await writeFile(join(directory, 'rows.jsonl'), '{"txt": "a", "label": "b"}\n');
  const { stderr } = await hubfuse(['evaluate', './model', '--data', 'rows.jsonl'], { directory });
  expect(stderr).toContain('there is no column "text" for text');
  expect(stderr).toContain('name another with --column text=<column>');
});

test('init writes a recipe once and never over another file', async () => {
  const first = await hubfuse(['init', 'mine.yaml', '--method', 'median', '--plugin', MEDIAN], { directory });
  expect(first.code).toBe(0);
  const text = await readFile(join(directory, 'mine.yaml'), 'utf8');
  expect(text).toContain('merge_method: median');
  await writeFile(join(directory, 'mine.yaml'), 'precious');
  const second = await hubfuse(['init', 'mine.yaml', '--method', 'median', '--plugin', MEDIAN], { directory });
  expect(second.code).toBe(2);
  expect(await readFile(join(directory, 'mine.yaml'), 'utf8')).toBe('precious');
});

test('the configuration names plugins, relative to itself', async () => {
  await writeFile(join(directory, 'hubfuse.config.json'), JSON.stringify({ plugins: [MEDIAN] }));
  const { last } = await hubfuse(['methods', 'median', '--json'], { directory });
  expect(last()).toMatchObject({ event: 'result', method: { name: 'median', title: 'Coordinate-wise median' } });
  await writeFile(join(directory, 'hubfuse.config.json'), '{"plugin": []}');
  const wrong = await hubfuse(['methods'], { directory });
  expect(wrong.code).toBe(2);
  expect(wrong.stderr).toContain('hubfuse.config.json: the key "plugin" is unknown\n  did you mean plugins?');
  await rm(join(directory, 'hubfuse.config.json'));
});
