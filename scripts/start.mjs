// `npm start`: installs what is missing, builds, and runs the example. `npm start -- recipe.yaml` merges as another
// recipe says; further arguments go to `hubfuse merge`.
import { spawnSync } from 'node:child_process';
import { basename, dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureBuilt } from './build.mjs';
import { ensureInstalled } from './install.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const argv = process.argv.slice(2);

try {
  ensureInstalled();
  ensureBuilt();
} catch (error) {
  process.stderr.write(`error: ${error.message}\n`);
  process.exit(1);
}
if (argv.length === 0) {
  const { runExample } = await import('./example.mjs');
  process.exit(await runExample(join(root, '.hubfuse')));
} else {
  const recipe = argv.find((argument) => !argument.startsWith('-')) ?? 'merged';
  const out = ['--out', join('.hubfuse', 'merged', basename(recipe, extname(recipe)))];
  const placed = argv.some((argument) => /^(-o|--out\b)/.test(argument) || argument === '--help');
  const command = [join(root, 'packages/cli/bin/hubfuse.js'), 'merge', ...argv, ...(placed ? [] : out)];
  // npm changes into the root of the project; relative paths are those of whoever typed the command.
  const cwd = process.env.INIT_CWD ?? process.cwd();
  process.exitCode = spawnSync(process.execPath, command, { cwd, stdio: 'inherit' }).status ?? 1;
}
