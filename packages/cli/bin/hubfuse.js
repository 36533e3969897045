#!/usr/bin/env node
// Plain JavaScript, because it is what runs before anything is built. In a checkout it builds what changed first, so
// that the command always is what the sources say; an installed package brings its `dist` along.
import { existsSync } from 'node:fs';

const sources = new URL('../src/index.ts', import.meta.url);
const build = new URL('../../../scripts/build.mjs', import.meta.url);

try {
  if (existsSync(sources) && existsSync(build)) (await import(build.href)).ensureBuilt();
  const { main } = await import('../dist/main.js');
  // A reader that has seen enough (`hubfuse methods | head -1`) closes the pipe; that is no failure.
  process.stdout.on('error', (error) => process.exit(error.code === 'EPIPE' ? 0 : 1));
  const { stdout, stderr, env: variables } = process;
  const exitCode = await main({ argv: process.argv.slice(2), variables, directory: process.cwd(), stdout, stderr });
  // Inference threads may still be winding down; nothing that matters is left to wait for.
  process.exit(exitCode);
} catch (error) {
  process.stderr.write(`error: hubfuse cannot start: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}
