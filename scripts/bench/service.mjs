// `npm run bench:service`: a served API under load. Reads at a fixed rate while clients follow runs; deliveries of the Hub
// that repeat each other; a storm of pushes to one ref. Server, load and workers are processes of their own; the store is a
// folder. Writes its figures into docs/results.md; ends with 1 where the server holds more and more.
//
//   npm run bench:service -- [--seconds 60] [--rate 1000] [--streams 200] [--parts reads,deliveries,storm] [--profile]
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { ensureBuilt } from '../build.mjs';
import { readArguments } from '../read-arguments.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const root = dirname(dirname(here));
const { values: options } = readArguments({
  script: import.meta.url,
  options: {
    seconds: { type: 'number', default: 60 },
    rate: { type: 'number', default: 1000 },
    streams: { type: 'number', default: 200 },
    parts: { type: 'string', default: 'reads,deliveries,storm' },
    /** Leaves a processor profile of the server beside the working directory. */
    profile: { type: 'boolean', default: false },
    /** Leaves docs/results.md as it is. */
    dry: { type: 'boolean', default: false },
  },
});
const SECRET = 'secret of the bench';
const KEYS = 20;
const DONE = 500;
const LIVE = 10;
const FIRST_PORT = 0;

ensureBuilt();
const { registerEvaluation } = await import('@hubfuse/evaluate');
const { registerArchitectures } = await import('@hubfuse/graphs');
const { registerPublishers } = await import('@hubfuse/hub');
const { startHubServer } = await import('@hubfuse/hub-server');
const { registerMethods } = await import('@hubfuse/merge');
const { openStore, registerStores } = await import('@hubfuse/objects');
const { Registry } = await import('@hubfuse/plugin');
const { importExamples } = await import('../example-hub.mjs');
const { circumstances, recordSection } = await import('../soak/results.mjs');
const { keepAlive, seedRuns } = await import('./service/seed.mjs');

const folder = mkdtempSync(join(tmpdir(), 'hubfuse-bench-service-'));
const children = new Set();
process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
});
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(130));

const registry = new Registry();
for (const register of [
  registerStores,
  registerMethods,
  registerArchitectures,
  registerEvaluation,
  registerPublishers,
]) {
  await register(registry);
}
const hubServer = await (async () => {
  await importExamples(join(folder, 'hub'));
  return await startHubServer({ folder: join(folder, 'hub') });
})();
const hub = { hubUrl: hubServer.url, token: 'hf_you', cacheDir: join(folder, 'cache') };

/** A server over a data folder of its own, and what asks it. */
async function startServer(name, more) {
  const data = join(folder, name);
  const bin = join(root, 'packages/cli/bin/hubfuse.js');
  const probe = join(folder, `${name}-heap`);
  const loaded = ['--require', join(here, 'service/heap-probe.cjs')];
  const profiled = options.profile ? ['--cpu-prof', `--cpu-prof-dir=${process.cwd()}`] : [];
  const argv = ['serve', '--port', String(FIRST_PORT), '--data', data, '--hub', hubServer.url, ...more];
  const { PATH, HOME } = process.env;
  const child = spawn(process.execPath, [...loaded, ...profiled, bin, ...argv], {
    env: {
      PATH,
      HOME,
      HF_TOKEN: 'hf_you',
      HF_HOME: join(folder, 'huggingface'),
      HUBFUSE_WEBHOOK_SECRET: SECRET,
      HEAP_PROBE_FILE: probe,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.add(child);
  const url = await new Promise((found, fail) => {
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (more) => {
      text += more;
      const address = / at (http:\S+)/.exec(text)?.[1];
      if (address !== undefined) found(address);
    });
    child.on('exit', (code) => fail(new Error(`the server ended with ${code}`)));
  });
  const ask = async (method, path, { body, headers, key } = {}) =>
    await fetch(`${url}${path}`, {
      method,
      headers: {
        ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
        ...(body === undefined
          ? {}
          : { 'content-type': typeof body === 'string' ? 'application/yaml' : 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
  return {
    ...{ url, data, ask, pid: child.pid },
    /** What the server holds once its garbage is collected. */
    async heap() {
      const linesOf = () => (existsSync(probe) ? readFileSync(probe, 'utf8').trim().split('\n') : []);
      const before = linesOf().length;
      child.kill('SIGUSR2');
      while (linesOf().length === before) await wait(20);
      return JSON.parse(linesOf().at(-1));
    },
    async stop() {
      const gone = new Promise((done) => child.on('exit', done));
      child.kill('SIGTERM');
      await gone;
      children.delete(child);
    },
  };
}

/** Resident bytes and seconds of processor time of a process, as Linux tells them. */
function usageOf(pid) {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1].split(' ');
  return {
    memory: Number(/^VmRSS:\s+(\d+)/m.exec(status)[1]) * 1024,
    // Fields 14 and 15 of the line, in hundredths of a second.
    processor: (Number(fields[11]) + Number(fields[12])) / 100,
  };
}

async function reads() {
  const store = await openStore(join(folder, 'reads', 'store'), registry);
  const { done, live } = await seedRuns({ store, registry, hub, folder, done: DONE, live: LIVE });
  const server = await startServer('reads', ['--concurrency', '0']);
  const keys = [];
  for (let index = 0; index < KEYS; index++) {
    const settings = { name: `client ${index}`, scopes: index === 0 ? ['admin'] : ['read'], namespaces: ['*'] };
    const made = await server.ask('POST', '/v1/keys', { body: settings, key: keys[0] });
    keys.push((await made.json()).key);
  }
  const recipe = 'merge_method: linear\nmodels: [hubfuse-examples/intents-money, hubfuse-examples/intents-home]\n';
  await server.ask('PUT', '/v1/recipes/support', { body: recipe, key: keys[0] });
  const some = (ids, index) => ids[(index * 7) % ids.length];
  /** Half of them one run, a fifth its events, a fifth the list, the rest a stored recipe and a report. */
  const paths = Array.from({ length: 1_000 }, (_, index) => {
    const id = index % 20 === 0 ? some(live, index) : some(done, index);
    const kind = index % 10;
    if (kind < 5) return `/v1/runs/${id}`;
    if (kind < 7) return `/v1/runs/${id}/events?after=2`;
    if (kind < 8) return '/v1/runs';
    if (kind < 9) return '/v1/runs?state=done&limit=20';
    return index % 20 < 10 ? '/v1/recipes/support' : `/v1/runs/${some(done, index)}/report`;
  });
  const stop = new AbortController();
  const living = keepAlive({ store, ids: live, signal: stop.signal });
  const load = (seconds) =>
    loadIn({
      ...{ url: server.url, keys, paths, seconds, perSecond: options.rate },
      streams: { count: options.streams, paths: live.map((id) => `/v1/runs/${id}/events`) },
    });
  // What is compiled, cached and allocated once belongs to no measurement.
  await load(Math.min(10, options.seconds));
  const idle = [await server.heap()];
  const before = usageOf(server.pid);
  const memory = [];
  const sampling = setInterval(() => memory.push(usageOf(server.pid).memory), 1_000);
  const heaps = heapsDuring(server, options.seconds);
  const measured = await load(options.seconds);
  clearInterval(sampling);
  // Streams are closed when their sockets are.
  await wait(500);
  idle.push(await server.heap());
  const after = usageOf(server.pid);
  stop.abort();
  await living;
  await server.stop();
  const third = Math.floor(memory.length / 3);
  const mean = (figures) => figures.reduce((sum, figure) => sum + figure, 0) / Math.max(1, figures.length);
  return {
    ...measured,
    server: {
      heap: { underLoad: await heaps, idle },
      processorSeconds: after.processor - before.processor,
      memoryFirstThird: mean(memory.slice(0, third)),
      memoryLastThird: mean(memory.slice(-third)),
      memoryByTenth: Array.from({ length: 10 }, (_, tenth) =>
        Math.round(mean(memory.slice((tenth * memory.length) / 10, ((tenth + 1) * memory.length) / 10)) / 2 ** 20),
      ),
    },
  };
}

/** What the server holds near the start, in the middle and near the end of a load; each look costs it a collection. */
async function heapsDuring(server, seconds) {
  const heaps = [];
  let at = 0;
  for (const share of [0.1, 0.5, 0.9]) {
    await wait((share - at) * seconds * 1_000);
    at = share;
    heaps.push(await server.heap());
  }
  return heaps;
}

function loadIn(settings) {
  const child = spawn(process.execPath, [join(here, 'service/load.mjs'), JSON.stringify(settings)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.add(child);
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (more) => {
    text += more;
  });
  return new Promise((done, fail) => {
    child.on('close', (code) => {
      children.delete(child);
      if (code === 0) done(JSON.parse(text));
      else fail(new Error(`the load ended with ${code}`));
    });
  });
}

const pushTo = (repo, sha, oldSha = null) => ({
  event: { action: 'update', scope: 'repo.content' },
  repo: { type: 'model', name: repo, private: false, headSha: sha },
  updatedRefs: [{ ref: 'refs/heads/main', oldSha, newSha: sha }],
});
const shaOf = (number) => number.toString(16).padStart(40, '0');

/** Posts bodies in order, `atOnce` at the same time; the milliseconds of each answer. */
async function deliver(server, bodies, atOnce) {
  const milliseconds = [];
  const refused = [];
  let next = 0;
  const one = async () => {
    for (let index = next++; index < bodies.length; index = next++) {
      const begun = performance.now();
      const headers = { 'x-webhook-secret': SECRET };
      const answer = await server.ask('POST', '/v1/webhooks/huggingface', { body: bodies[index], headers });
      await answer.arrayBuffer();
      milliseconds.push(performance.now() - begun);
      if (answer.status !== 202) refused.push(answer.status);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, one));
  milliseconds.sort((a, b) => a - b);
  return { p99: milliseconds[Math.floor(0.99 * milliseconds.length)], most: milliseconds.at(-1), refused };
}

/** Waits until every delivery has been worked off; the runs that there are then. */
async function settled(server, recipes) {
  const store = await openStore(join(server.data, 'store'), registry);
  while ((await store.list('service/inbox/', { limit: 1 })).keys.length > 0) await wait(250);
  // One look more, which makes the runs of what was put into lanes.
  for (let quiet = 0, seen = -1; quiet < 6; ) {
    await wait(500);
    const { length } = (await store.list('service/access/')).keys;
    quiet = length === seen ? quiet + 1 : 0;
    seen = length;
  }
  const runs = [];
  for (let next = ''; next !== undefined; ) {
    const page = await (await server.ask('GET', `/v1/runs?limit=200${next === '' ? '' : `&cursor=${next}`}`)).json();
    runs.push(...page.items);
    next = page.next;
  }
  return runs.filter(({ recipe }) => recipes(recipe));
}

async function deliveries() {
  const server = await startServer('deliveries', []);
  const repo = (index) => `bench/model-${index}`;
  for (let index = 0; index < 100; index++) {
    await makeModel(repo(index));
    const body = `merge_method: linear\nmodels: [${repo(index)}, hubfuse-examples/intents-home]\n`;
    const stored = await server.ask('PUT', `/v1/recipes/model-${index}`, { body });
    if (!stored.ok) throw new Error(`a recipe was not stored: ${await stored.text()}`);
  }
  // A stride that meets every push a hundred times, out of order.
  const bodies = Array.from({ length: 10_000 }, (_, index) =>
    pushTo(repo((index * 37) % 100), shaOf(1 + ((index * 37) % 100))),
  );
  const begun = performance.now();
  const answers = await deliver(server, bodies, 32);
  const seconds = (performance.now() - begun) / 1000;
  const runs = await settled(server, () => true);
  await server.stop();
  return { ...answers, seconds, runs: runs.length, recipes: new Set(runs.map(({ recipe }) => recipe)).size };
}

async function makeModel(repo) {
  const [organization, name] = repo.split('/');
  const headers = { authorization: 'Bearer hf_bench', 'content-type': 'application/json' };
  const body = JSON.stringify({ type: 'model', organization, name });
  const made = await fetch(`${hubServer.url}/api/repos/create`, { method: 'POST', headers, body });
  if (!made.ok) throw new Error(`${repo} was not made: ${await made.text()}`);
}

async function storm() {
  const server = await startServer('storm', []);
  const repo = 'hubfuse-examples/intents-money';
  const body = `merge_method: task_arithmetic\nbase_model: hubfuse-examples/intents-base\nmodels: [${repo}, hubfuse-examples/intents-home]\n`;
  await server.ask('PUT', '/v1/recipes/storm', { body });
  const bodies = Array.from({ length: 100 }, (_, index) => pushTo(repo, shaOf(index + 1), shaOf(index)));
  const answers = await deliver(server, bodies, 8);
  const runs = await settled(server, () => true);
  await server.stop();
  return { ...answers, runs: runs.length };
}

const PARTS = { reads, deliveries, storm };
const results = {};
const load = loadavg()[0];
for (const name of options.parts.split(',')) {
  if (!(name in PARTS)) throw new Error(`there is no part "${name}"; there are ${Object.keys(PARTS).join(', ')}`);
  process.stdout.write(`${name} ...\n`);
  results[name] = await PARTS[name]();
  process.stdout.write(`${JSON.stringify(results[name], undefined, 2)}\n`);
}
await hubServer.close();

const ms = (figure) => `${figure.toFixed(figure < 10 ? 1 : 0)} ms`;
const MiB = (figure) => `${(figure / 2 ** 20).toFixed(figure < 2 ** 27 ? 1 : 0)} MiB`;
/** Caches fill while they are used; more than that is growth. */
const SLACK = 0.05;
function hasGrown({ underLoad, idle }) {
  return [underLoad, idle].some((looks) => looks.at(-1).used > looks[0].used * (1 + SLACK));
}
const count = (errors) => Object.values(errors).reduce((sum, one) => sum + one, 0);
/** Rows of each part's table: what, measured, aim. */
const ROWS = {
  reads({ requests, seconds, p50, p90, p99, most, errors, streams, server }) {
    const growth = server.memoryLastThird - server.memoryFirstThird;
    return [
      ['reads', `${requests} in ${seconds.toFixed(1)} s`, `${options.rate} a second for ${options.seconds} s`],
      [
        'answered within',
        `50 %: ${ms(p50)}, 90 %: ${ms(p90)}, 99 %: ${ms(p99)}, all: ${ms(most)}`,
        '99 % within 100 ms',
      ],
      ['errors', `${count(errors)}${count(errors) === 0 ? '' : ` (${JSON.stringify(errors)})`}`, 'none'],
      [
        'event streams',
        `${options.streams} open, ${streams.endedEarly} ended early, ${streams.events} events and ${streams.progress} signs of progress came`,
        '200 open',
      ],
      [
        'held by the server after a collection',
        `under load ${server.heap.underLoad.map(({ used }) => MiB(used)).join(', ')} (near the start, in the middle, near the end); with nothing open ${server.heap.idle.map(({ used }) => MiB(used)).join(' before, ')} after${hasGrown(server.heap) ? ': it grows' : ''}`,
        'no growth',
      ],
      [
        'resident memory of the server',
        `${MiB(server.memoryFirstThird)} in the first third, ${MiB(server.memoryLastThird)} in the last (${growth < 0 ? '' : '+'}${MiB(growth)})`,
        'no growth',
      ],
      [
        'processor time of the server',
        `${server.processorSeconds.toFixed(1)} s, ${((1000 * server.processorSeconds) / requests).toFixed(2)} ms a read with all streams`,
        '',
      ],
    ];
  },
  deliveries: ({ p99, most, seconds, runs, recipes, refused }) => [
    [
      '10,000 deliveries of 100 pushes',
      `${runs} runs of ${recipes} recipes; taken in ${seconds.toFixed(1)} s, 32 at once; 99 % answered within ${ms(p99)}, all within ${ms(most)}, ${refused.length} refused`,
      '100 runs, all answers within 1 s',
    ],
  ],
  storm: ({ p99, most, runs, refused }) => [
    [
      '100 pushes to one ref',
      `${runs} runs; 99 % answered within ${ms(p99)}, all within ${ms(most)}, ${refused.length} refused`,
      'at most 2',
    ],
  ],
};
for (const [name, result] of Object.entries(results)) {
  const rows = ROWS[name](result).map((row) => `| ${row.join(' | ')} |`);
  const table = ['| what | measured | aim |', '|---|---|---|', ...rows].join('\n');
  process.stdout.write(`\n${circumstances()}\nload at the start ${load.toFixed(1)}\n\n${table}\n`);
  if (!options.dry) recordSection(`bench-service ${name}`, `Load at the start ${load.toFixed(1)}.\n\n${table}`);
}
process.exit(results.reads !== undefined && hasGrown(results.reads.server.heap) ? 1 : 0);
