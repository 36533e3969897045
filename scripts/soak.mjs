// `npm run soak`: everything that `npm test` runs a slice of, in full: kills, mutations, merges of large models. What it
// measures goes into docs/results.md. `npm run soak -- mutations merge-1gb` runs these parts only; `--folder` names a
// folder on the disk that large models shall lie on (default: the one for temporary files).
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { ensureBuilt } from './build.mjs';
import { ensureInstalled } from './install.mjs';
import { recordResults } from './soak/results.mjs';

ensureInstalled();
ensureBuilt();
const { kills, mutations } = await import('./soak/tests.mjs');
const { merges } = await import('./soak/merges.mjs');

/** Each gives rows {what, outcome: 'ok' | 'failed' | 'skipped', figure}. */
const PARTS = {
  mutations,
  'merge-1gb': (folder) => merges({ folder, bytes: 1e9, compareWorkers: true }),
  'merge-8gb': (folder) => merges({ folder, bytes: 8e9 }),
  'merge-30gb': (folder) => merges({ folder, bytes: 30e9, every: 64 }),
  kills,
};

const { values, positionals } = parseArgs({ options: { folder: { type: 'string' } }, allowPositionals: true });
const unknown = positionals.filter((name) => !(name in PARTS));
if (unknown.length > 0) {
  process.stderr.write(`error: there is no part ${unknown.join(', ')}; there are ${Object.keys(PARTS).join(', ')}\n`);
  process.exit(2);
}

const folder = mkdtempSync(join(resolve(values.folder ?? tmpdir()), 'hubfuse-soak-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(130));

for (const name of positionals.length > 0 ? positionals : Object.keys(PARTS)) {
  process.stdout.write(`\n${name}\n`);
  const rows = [];
  for await (const row of PARTS[name](folder)) {
    rows.push(row);
    process.stdout.write(`${row.outcome.padEnd(8)}${row.what}: ${row.figure}\n`);
  }
  recordResults(name, rows);
  if (rows.some(({ outcome }) => outcome === 'failed')) process.exitCode = 1;
}
