// `npm run bench:bundle`: how large the functions' bundles are, and how long Node.js takes to load them: from the import of the
// entry until all its modules have been evaluated, which is when the API finds that its environment is not there.
//
//   npm run bench:bundle -- [--runs 11]
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { bundleFunctions, FUNCTIONS } from '../bundle-functions.mjs';
import { readArguments } from '../read-arguments.mjs';

const { values: options } = readArguments({
  script: import.meta.url,
  options: { runs: { type: 'number', default: 11 } },
});
const runs = options.runs;

/** Run in a process of its own: no function loads what another one has loaded. */
const LOADING = `
  const since = performance.now();
  const before = process.cpuUsage();
  try {
    await import(process.argv[1]);
  } catch (error) {
    if (error?.code !== 'service/environment') throw error;
  }
  const { user, system } = process.cpuUsage(before);
  process.stdout.write(JSON.stringify({ wall: performance.now() - since, processor: (user + system) / 1000 }));
  process.exit(0);
`;

const median = (/** @type {number[]} */ values) =>
  values.sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

function bytesOf(/** @type {string} */ folder) {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return files.reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).size, 0);
}

function load(/** @type {string} */ entry) {
  const child = spawnSync(process.execPath, ['--input-type=module', '-e', LOADING, pathToFileURL(entry).href], {
    ...{ encoding: 'utf8', env: { PATH: process.env.PATH } },
  });
  if (child.status !== 0) throw new Error(`the bundle does not load: ${child.stderr}`);
  return JSON.parse(child.stdout);
}

const folder = mkdtempSync(join(tmpdir(), 'hubfuse-bench-bundle-'));
try {
  await bundleFunctions(folder);
  const machine = `${availableParallelism()} x ${cpus()[0]?.model.trim()}, Node.js ${process.version}`;
  process.stdout.write(`${machine}, load ${loadavg()[0]?.toFixed(1)}; medians of ${runs}\n`);
  for (const name of Object.keys(FUNCTIONS)) {
    const measured = Array.from({ length: runs }, () => load(join(folder, name, 'index.js')));
    const [wall, processor] = ['wall', 'processor'].map((key) => median(measured.map((one) => one[key])).toFixed(0));
    const size = (bytesOf(join(folder, name)) / 1e6).toFixed(2);
    process.stdout.write(`${name.padEnd(9)} ${size} MB, loaded in ${wall} ms (${processor} ms of processor time)\n`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
