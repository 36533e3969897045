// `npm run soak`: everything that `npm test` runs a slice of, in full: kills, mutations, merges of large models. What it
// measures goes into docs/results.md. `npm run test:s3 -- npm run soak -- service-kills-s3` kills over a real S3. `npm run soak -- mutations merge-1gb` runs these parts only, `--method pcb` merges
// by this method only (may be given several times), `--folder` names a folder on the disk that large models shall lie on
// (default: the one for temporary files).
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { ensureBuilt } from './build.mjs';
import { ensureInstalled } from './install.mjs';
import { readArguments, refuse } from './read-arguments.mjs';
import { recordResults } from './soak/results.mjs';

/** Each gives rows {what, outcome: 'ok' | 'failed' | 'skipped', figure}. */
const PARTS = {
  mutations: (folder) => tests.mutations(folder),
  'merge-1gb': (folder) => merges({ folder, methods, bytes: 1e9, compareWorkers: true }),
  'merge-8gb': (folder) => merges({ folder, methods, bytes: 8e9 }),
  'merge-30gb': (folder) => merges({ folder, methods, bytes: 30e9, every: 64 }),
  'statistics-memory': (folder) => gatherings(folder),
  kills: (folder) => tests.kills(folder),
  arrays: (folder) => tests.arrays(folder),
  'service-kills': (folder) => tests.serviceKills(folder),
  'service-kills-s3': (folder) => tests.serviceKillsOverS3(folder),
  jobs: (folder) => tests.jobs(folder),
  requests: (folder) => tests.requests(folder),
  slow: (folder) => tests.slow(folder),
  suites: (folder) => tests.suites(folder),
};
const { values, positionals } = readArguments({
  script: import.meta.url,
  options: { folder: { type: 'string' }, method: { type: 'string', multiple: true } },
  positionals: `[<part>...]  of ${Object.keys(PARTS).join(', ')} (default: all)`,
});
ensureInstalled();
ensureBuilt();
const tests = await import('./soak/tests.mjs');
const { gatherings } = await import('./soak/gatherings.mjs');
const { merges, METHODS } = await import('./soak/merges.mjs');
const methods = values.method ?? Object.keys(METHODS);

refuseUnknown('part', positionals, PARTS);
refuseUnknown('method', methods, METHODS);

function refuseUnknown(kind, names, known) {
  const unknown = names.filter((name) => !(name in known));
  if (unknown.length > 0) refuse(`there is no ${kind} "${unknown[0]}"; there are ${Object.keys(known).join(', ')}`);
}

const folder = mkdtempSync(join(resolve(values.folder ?? tmpdir()), 'hubfuse-soak-'));
// A child that is being killed may still be writing.
process.on('exit', () => rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 }));
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(130));

for (const name of positionals.length > 0 ? positionals : Object.keys(PARTS)) {
  process.stdout.write(`\n${name}\n`);
  const rows = [];
  for await (const row of PARTS[name](folder)) {
    rows.push(row);
    process.stdout.write(`${row.outcome.padEnd(8)}${row.what}: ${row.figure}\n`);
    recordResults(name, rows);
  }
  if (rows.some(({ outcome }) => outcome === 'failed')) process.exitCode = 1;
}
