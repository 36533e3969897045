#!/usr/bin/env node
// Plain JavaScript, because it is what runs before anything is built. In a checkout it builds what changed first, so
// that the command always is what the sources say; an installed package brings its `dist` along.
import { existsSync, readFileSync } from 'node:fs';
import * as module from 'node:module';

const sources = new URL('../src/index.ts', import.meta.url);
const build = new URL('../../../scripts/build.mjs', import.meta.url);

/** Ends with a short message; a stack helps only whoever asks for it. */
function fail(error) {
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(`error: ${process.env.HUBFUSE_DEBUG ? (error?.stack ?? message) : message}\n`);
  process.exit(1);
}

process.on('uncaughtException', fail);
/** What is written to a pipe may still be on its way; leaving without it would cut the output. */
const drained = (stream) => new Promise((resolve) => stream.write('', resolve));

// A reader that has seen enough (`hubfuse methods | head -1`) closes the pipe; that is no failure.
process.stdout.on('error', (error) => (error.code === 'EPIPE' ? process.exit(0) : fail(error)));

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 12))
  fail(`hubfuse needs Node.js 20.12 or newer; this is ${process.version}`);

// From Node.js 22 on: what was compiled once starts faster the next time.
module.enableCompileCache?.();

try {
  if (existsSync(sources) && existsSync(build)) (await import(build.href)).ensureBuilt();
  const [first, ...rest] = process.argv.slice(2);
  if (first === '--help' || first === '-h' || (first === 'help' && rest.length === 0)) {
    // Asked for more often than anything else, and nothing needs to be loaded for it.
    process.stdout.write(readFileSync(new URL('../dist/overview.txt', import.meta.url)));
    await drained(process.stdout);
    process.exit(0);
  }
  const { main } = await import('../dist/main.js');
  const { stdout, stderr, env: variables } = process;
  const exitCode = await main({ argv: process.argv.slice(2), variables, directory: process.cwd(), stdout, stderr });
  await Promise.all([drained(stdout), drained(stderr)]);
  // Inference threads may still be winding down; nothing that matters is left to wait for.
  process.exit(exitCode);
} catch (error) {
  fail(error);
}
