// Writes what `hubfuse --help` prints to packages/cli/dist/overview.txt, a part of the build: reading one file is faster
// than loading every command for its line.
import { writeFileSync } from 'node:fs';
import { main } from '../packages/cli/dist/main.js';
import { readArguments } from './read-arguments.mjs';

readArguments({ script: import.meta.url });

const written = [];
const exitCode = await main({
  argv: ['--help'],
  variables: {},
  directory: process.cwd(),
  stdout: { write: (text) => written.push(text) },
  stderr: process.stderr,
});
if (exitCode !== 0) process.exit(exitCode);
writeFileSync(new URL('../packages/cli/dist/overview.txt', import.meta.url), written.join(''));
