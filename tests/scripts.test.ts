import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '..');
const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: Record<string, string> };

/** The scripts of `npm run` that read arguments of their own; the others hand them to another program. */
const OTHERS = ['serve', 'start', 'test', 'lint', 'format', 'types'];
const own = Object.entries(scripts)
  .filter(([name]) => !OTHERS.includes(name))
  .map(([name, command]) => [name, /scripts\/\S+\.mjs$/.exec(command)?.[0] ?? ''] as const);

test.each(own)('npm run %s reads its arguments where all scripts do, so that --help answers', (_name, script) => {
  expect(readFileSync(join(root, script), 'utf8')).toMatch(/readArguments\(\{\s*script: import\.meta\.url/);
});

test('a script says what it takes, and answers what it does not take without a stack', () => {
  const soak = (...args: string[]) =>
    spawnSync(process.execPath, [join(root, 'scripts', 'soak.mjs'), ...args], { encoding: 'utf8' });
  const help = soak('--help');
  expect(help.status).toBe(0);
  expect(help.stdout).toMatch(/^`npm run soak`/);
  expect(help.stdout).toContain('--method <text>');
  // Each part has a place for what it measures.
  const parts = /of ([a-z\d, -]+) \(default/.exec(help.stdout)?.[1]?.split(', ') ?? [];
  expect(parts.length).toBeGreaterThan(10);
  const results = readFileSync(join(root, 'docs', 'results.md'), 'utf8');
  for (const part of parts) expect(results).toMatch(new RegExp(`<!-- ${part} -->[^]*<!-- end of ${part} -->`));
  expect(soak('--nope')).toMatchObject({
    status: 2,
    stdout: '',
    stderr: "error: Unknown option '--nope'\n  node scripts/soak.mjs --help says what there is\n",
  });
});
