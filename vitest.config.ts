import { existsSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { configDefaults, defineConfig, type Plugin } from 'vitest/config';

const root = dirname(fileURLToPath(import.meta.url));

/**
 * A test that imports `./header.ts` beside it gets the compiled `dist/header.js`: tests run what ships (worker threads
 * and WebAssembly need the compiled files anyway), and there is one instance of each module.
 */
function runWhatShips(): Plugin {
  return {
    name: 'run-what-ships',
    enforce: 'pre',
    resolveId(source, importer) {
      if (importer === undefined || !source.startsWith('.') || !source.endsWith('.ts') || source.endsWith('.test.ts')) {
        return null;
      }
      const path = resolve(dirname(importer), source);
      const compiled = path.replace(/\/src\/(.*)\.ts$/, '/dist/$1.js');
      return compiled !== path && existsSync(compiled) ? compiled : null;
    },
  };
}

/** Suites that take longest and prove once more, with more processes, what others prove: `npm run soak` runs them. */
const longSuites: string[] = process.env.HUBFUSE_SOAK
  ? []
  : JSON.parse(readFileSync(resolve(root, 'scripts/soak/long-suites.json'), 'utf8'));

export default defineConfig({
  root,
  plugins: [runWhatShips()],
  test: {
    include: [
      '{packages,functions}/*/src/**/*.test.ts',
      'cdk/src/**/*.test.ts',
      'tests/**/*.test.ts',
      'examples/**/*.test.ts',
    ],
    exclude: [...configDefaults.exclude, ...longSuites],
    globalSetup: ['scripts/build-before-tests.mjs'],
    reporters: ['default', './scripts/summary-reporter.ts'],
    pool: 'forks',
    // Files share a process: what they import is loaded once. A file that changes its environment puts it back.
    isolate: false,
    // Tests of processes, servers and disks wait for a third of their time: one file more than there are cores.
    maxWorkers: availableParallelism() + 1,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    server: { deps: { external: [/\/(packages|functions)\/[^/]+\/dist\//, /\/cdk\/dist\//] } },
  },
});
