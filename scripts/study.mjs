// `npm run study`: merges, searches and their scores on the zoos below HUBFUSE_ZOO, written into docs/results.md. It prints
// its cost first and asks for --go; what was carried out is kept in .hubfuse/study, so that the same command goes on. `--only
// text` takes the rows whose name holds the text (may be given several times), `--seeds 5`, `--generations 15`, `--mode blend`.
import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureBuilt } from './build.mjs';
import { ensureInstalled } from './install.mjs';
import { readArguments, refuse } from './read-arguments.mjs';
import { recordSection } from './soak/results.mjs';
import { startsFromBest, studyRows } from './study/rows.mjs';
import { tableOf } from './study/tables.mjs';
import { findZoos } from './study/zoos.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const { values } = readArguments({
  script: import.meta.url,
  options: {
    go: { type: 'boolean', default: false },
    only: { type: 'string', multiple: true, default: [] },
    seeds: { type: 'number', default: 5 },
    generations: { type: 'number', default: 15 },
    mode: { type: 'string', multiple: true, default: ['differential', 'blend'] },
  },
});
const say = (text) => process.stdout.write(`${text}\n`);
if (!process.env.HUBFUSE_ZOO) refuse('set HUBFUSE_ZOO to the folder that holds the zoos');
ensureInstalled();
ensureBuilt();
const { createRegistry } = await import('hubfuse');
const { openStore } = await import('@hubfuse/objects');
const { hubOptionsFromEnvironment } = await import('@hubfuse/hub');
const { runRow } = await import('./study/run-row.mjs');

const registry = await createRegistry(root, []);
const zoos = findZoos(process.env.HUBFUSE_ZOO);
const { rows, skipped } = studyRows({
  ...{ zoos, registry, generations: values.generations, modes: values.mode },
  seeds: Array.from({ length: values.seeds }, (_, index) => index + 1),
});
const folder = join(root, '.hubfuse', 'study');
mkdirSync(folder, { recursive: true });
const file = join(folder, 'results.jsonl');
const results = new Map();
for (const line of existsSync(file) ? readFileSync(file, 'utf8').split('\n') : []) {
  // A kill may have left half a line.
  if (line.endsWith('}')) results.set(JSON.parse(line).id, JSON.parse(line));
}
const wanted = rows.filter(({ id }) => values.only.length === 0 || values.only.some((text) => id.includes(text)));
const isOpen = (row) =>
  !results.has(row.id) && (row.rivals?.some((id) => !results.has(id)) || startsFromBest(row, results));
const open = wanted.filter(isOpen);
const minutes = open.reduce((sum, { seconds }) => sum + seconds, 0) / 60;
for (const text of skipped) say(`skipped: ${text}`);
say(`${wanted.length} rows, ${open.length} of them open, about ${minutes.toFixed(0)} minutes on a quiet machine`);
for (const { id, seconds } of values.go ? [] : open) say(`  ${seconds.toFixed(0).padStart(5)} s  ${id}`);
if (!values.go) say('nothing was done: add --go');
else {
  const failures = [];
  const context = {
    ...{ registry, folder, results, hub: await hubOptionsFromEnvironment({}) },
    store: await openStore(join(folder, 'store'), registry),
  };
  for (const [index, row] of open.entries()) {
    try {
      if (!startsFromBest(row, results)) {
        say(`left out: ${row.id}: another of its family is better on development data`);
        continue;
      }
      const result = await runRow(row, context);
      results.set(row.id, result);
      appendFileSync(file, `${JSON.stringify(result)}\n`);
      const figures = [result.dev, result.test].map((fraction) => (100 * fraction).toFixed(2)).join(' / ');
      say(`${index + 1} of ${open.length}  ${row.id}  ${figures}  ${result.seconds.toFixed(0)} s`);
    } catch (error) {
      failures.push({ zoo: row.zoo, text: `${row.id}: ${error.message.split('\n')[0]}` });
      say(`failed: ${failures.at(-1).text}`);
    }
    record(failures);
  }
  record(failures);
  if (failures.length > 0) process.exitCode = 1;
}

function record(failures) {
  for (const { name } of zoos) {
    const of = [...results.values()].filter(({ zoo }) => zoo === name);
    if (of.length === 0) continue;
    const texts = [...failures.filter(({ zoo }) => zoo === name).map(({ text }) => text), ...skipped];
    recordSection(`study ${name}`, tableOf(of, texts));
  }
}
