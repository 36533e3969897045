// Exercises a deployed service, for whoever has an account: HUBFUSE_SERVER and HUBFUSE_KEY say which. Starts the merge of a recipe of
// yours (of small models, and without `publish` unless you mean it), follows it to its end and prints what each step took:
//
//   npm run check:aws -- recipe.yaml
//
// Never run against AWS so far.
import { readFile } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { readArguments, refuse } from './read-arguments.mjs';

const { HUBFUSE_SERVER: server, HUBFUSE_KEY: key } = process.env;
const { positionals } = readArguments({ script: import.meta.url, positionals: '<recipe>  what is merged' });
const [file] = positionals;
if (!server || !key || file === undefined) {
  refuse('set HUBFUSE_SERVER and HUBFUSE_KEY (scope run), and name a recipe: npm run check:aws -- recipe.yaml');
}
/** A machine of Batch takes minutes to come. */
const MOST_MINUTES = 60;
const PAUSE_MS = 5_000;

async function ask(path, options = {}) {
  const response = await fetch(`${server.replace(/\/+$/, '')}${path}`, {
    ...options,
    headers: { authorization: `Bearer ${key}`, ...options.headers },
    signal: AbortSignal.timeout(60_000),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${options.method ?? 'GET'} ${path}: ${response.status} ${text}`);
  return text;
}

const recipe = await readFile(file, 'utf8');
const begun = performance.now();
const said = (what) =>
  process.stdout.write(`${((performance.now() - begun) / 1000).toFixed(1).padStart(8)} s  ${what}\n`);
await ask('/healthz');
said('the API answers');
await ask('/readyz');
said('its store answers');
const anonymous = await fetch(`${server}/v1/runs`);
if (anonymous.status !== 401) throw new Error(`without a key /v1/runs answers ${anonymous.status} instead of 401`);
said('without a key nothing is shown');
const { id } = JSON.parse(
  await ask('/v1/runs', { method: 'POST', headers: { 'content-type': 'application/yaml' }, body: recipe }),
);
said(`the run ${id} is in the store`);
let state = '';
for (const until = Date.now() + MOST_MINUTES * 60_000; Date.now() < until; await wait(PAUSE_MS)) {
  const run = JSON.parse(await ask(`/v1/runs/${id}`));
  if (run.state !== state) said(run.state);
  state = run.state;
  if (state === 'done') {
    const lines = (await ask(`/v1/runs/${id}/logs`)).split('\n').filter((line) => line.includes('"event":"phase"'));
    for (const line of lines) said(line);
    process.exit(0);
  }
  if (state === 'failed' || state === 'cancelled')
    throw new Error(`the run ended as ${state}: ${JSON.stringify(run.error)}`);
}
throw new Error(`the run is ${state} after ${MOST_MINUTES} minutes`);
