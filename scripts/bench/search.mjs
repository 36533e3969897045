// `npm run bench:search`: an evolution on a zoo of intents, and a plain PyTorch loop of the same search, in one run on one
// machine.
//
//   HUBFUSE_ZOO=<folder> npm run bench:search -- [--zoo intents-small] [--method linear] [--generations 15] [--workers 2]
//                                 [--mode differential] [--update steady] [--seed 1] [--memory <GiB>] [--peers <python>]
//
// Time by the clock says little on a machine that others use, so processor time is printed beside it. What building candidates
// and opening sessions cost is given as a share of what scoring every candidate in full would take: running batches, measured
// per example, times all examples. `--peers` names a Python with torch and transformers; PyTorch always averages.
import { spawnSync } from 'node:child_process';
import { availableParallelism, cpus, loadavg } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureBuilt } from '../build.mjs';
import { readArguments, refuse } from '../read-arguments.mjs';
import { findZoos } from '../study/zoos.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const { values: options } = readArguments({
  script: import.meta.url,
  options: {
    zoo: { type: 'string', default: 'intents-small' },
    method: { type: 'string', default: 'linear' },
    generations: { type: 'number', default: 15 },
    workers: { type: 'number', default: Math.min(8, availableParallelism()) },
    mode: { type: 'string', default: 'differential' },
    update: { type: 'string', default: 'steady' },
    seed: { type: 'number', default: 1 },
    memory: { type: 'number', default: 1 },
    peers: { type: 'string' },
  },
});
const [generations, workers, seed] = [options.generations, options.workers, options.seed];
/** Words of a batch of PyTorch's. */
const PEER_BATCH = 32;

if (!process.env.HUBFUSE_ZOO) refuse('set HUBFUSE_ZOO to the folder that holds the zoos');
const zoo = findZoos(process.env.HUBFUSE_ZOO).find(({ name }) => name === options.zoo);
if (zoo?.task !== 'text-classification')
  refuse(`there is no zoo of texts "${options.zoo}" in ${process.env.HUBFUSE_ZOO}`);
ensureBuilt();
const { createRegistry } = await import('hubfuse');
const { loadDataset } = await import('@hubfuse/evaluate');
const { evolve, examplesByOutcome, openArena } = await import('@hubfuse/evolve');
const { planFolders } = await import('./plan-folders.mjs');

const root = dirname(dirname(here));
const registry = await createRegistry(root, []);
const alone = registry.get('method', options.method).evolves === true;
const inDomain = zoo.datasets.filter(({ domain }) => domain === 'in');
const content = {
  merge_method: options.method,
  models: zoo.specialists,
  ...(registry.get('method', options.method).base === 'unused' ? {} : { base_model: zoo.base }),
  evolve: { generations, mode: options.mode, update: options.update },
  evaluate: { task: zoo.task, datasets: inDomain.map(({ name, dev, test }) => ({ name, dev, test })) },
};
const { plan, folders } = await planFolders({ content, registry });
const datasets = await Promise.all(
  inDomain.map(({ name, dev }) => loadDataset({ name, source: { path: dev }, task: zoo.task, registry })),
);
const settings = { seed, mode: options.mode, update: options.update, generations };
const say = (text) => process.stdout.write(`${text}\n`);
say(
  `${cpus()[0]?.model.trim()}, ${workers} workers, load ${loadavg()[0].toFixed(1)}; ${zoo.name}: ${zoo.specialists.length} ` +
    `models, ${datasets.reduce((sum, { examples }) => sum + examples.length, 0)} examples; ${options.method}, ` +
    `${options.mode}, ${generations} generations`,
);

const own = await search();
const full = (own.seconds.run / own.spent.examples) * own.spent.examplesInFull;
const overhead = own.seconds.build + own.seconds.load;
row('hubfuse', own);
say(
  `  processor time of its threads: building ${own.seconds.build.toFixed(2)} s, opening sessions ` +
    `${own.seconds.load.toFixed(2)} s, running batches ${own.seconds.run.toFixed(2)} s`,
);
say(`  building and opening: ${share(overhead / full)} of scoring every candidate in full (${full.toFixed(1)} s)`);
for (const [kind, { candidates, examples, total }] of Object.entries(own.shares)) {
  say(`  ${kind}: ${candidates} candidates, ${total === 0 ? 'no' : share(examples / total)} of the examples scored`);
}
const peer = options.peers === undefined ? undefined : searchByPeer(options.peers);
if (peer === undefined) say('PyTorch: skipped, since --peers names no Python with torch and transformers');
else if (typeof peer === 'string') say(`PyTorch: skipped, since ${peer}`);
else {
  row(`PyTorch ${peer.version}`, peer);
  say(
    `hubfuse is ${(peer.clock / own.clock).toFixed(1)} times as fast by the clock, and takes ` +
      `${(peer.processor / own.processor).toFixed(1)} times less processor time`,
  );
}

async function search() {
  const arena = await openArena({
    ...{ registry, plan, folders, family: zoo.base, task: zoo.task, datasets, workers },
    parallel: options.update === 'synchronous' ? Number.POSITIVE_INFINITY : 1,
    memory: options.memory * 2 ** 30,
  });
  try {
    const first = { scale: 0.5, crossover: 0.5, dtype: 'F32', exclude: [], steps: [], ...settings };
    const individuals = zoo.specialists.map((_, individual) => ({ plan, genealogy: { ...first, individual } }));
    // Batches are composed once, from what the search starts from; tokenising and first compilations fall into it.
    await arena.compose(alone ? individuals : [{ plan }]);
    const before = arena.seconds;
    const [began, processor] = [performance.now(), process.cpuUsage()];
    let text;
    const found = await evolve({
      models: zoo.specialists,
      merged: !alone,
      settings,
      judge: (genealogy, bars) => arena.judge({ plan, genealogy }, bars),
      store: {
        load: async () => text,
        save: async (saved) => {
          text = saved;
        },
      },
      identity: 'bench',
      environment: arena.environment,
      parallel: arena.parallel,
    });
    const clock = (performance.now() - began) / 1000;
    const { user, system } = process.cpuUsage(processor);
    const seconds = Object.fromEntries(Object.entries(arena.seconds).map(([kind, sum]) => [kind, sum - before[kind]]));
    return {
      ...{ clock, processor: (user + system) / 1e6, seconds, spent: found.spent, best: found.best.score },
      start: Math.max(...found.initial.map(({ verdict }) => verdict.score)),
      candidates: found.spent.evaluations,
      accepted: found.candidates.filter((record) => record.accepted).length,
      shares: examplesByOutcome(found.candidates),
    };
  } finally {
    await arena.close();
  }
}

/** Figures, or the reason why there are none. */
function searchByPeer(python) {
  const probe = spawnSync(python, ['-c', 'import torch, transformers'], { encoding: 'utf8' });
  if (probe.error !== undefined) return `${python} cannot be run: ${probe.error.message}`;
  if (probe.status !== 0) return `${python} has none: ${probe.stderr.trim().split('\n').at(-1)}`;
  const task = {
    models: zoo.specialists,
    datasets: inDomain.map(({ name, dev }) => ({ name, path: dev })),
    ...{ generations, mode: options.mode, seed, scale: 0.5, crossover: 0.5, threads: workers, batch: PEER_BATCH },
  };
  const peer = spawnSync(python, [join(here, 'peers/search_torch.py'), JSON.stringify(task)], { encoding: 'utf8' });
  if (peer.status !== 0) throw new Error(`PyTorch failed: ${peer.stderr}`);
  const { seconds: clock, ...figures } = JSON.parse(peer.stdout);
  return { clock, ...figures };
}

function row(name, { clock, processor, candidates, accepted, start, best }) {
  say(
    `${name}: ${clock.toFixed(1)} s by the clock, ${processor.toFixed(1)} s of processor time; ${candidates} candidates, ` +
      `${accepted} accepted, development ${share(start)} -> ${share(best)}`,
  );
}

function share(fraction) {
  return `${(100 * fraction).toFixed(1)} %`;
}
