// `npm run bench:grams`: gathering Gram matrices beside plain scoring of the same examples, in one run on one machine.
//
//   npm run bench:grams -- [--layers 12] [--hidden 768] [--examples 128] [--sentences 4] [--workers 2] [--runs 3]
//                          [--peers <python>]
//
// The model is a BERT of noise. Scoring and gathering take turns; every figure is the median of --runs, the first round is
// not counted. Processor time tells on a machine that others use, too. `--peers` names a Python with torch and transformers: the same examples through PyTorch's forward hooks.
import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureBuilt } from '../build.mjs';
import { readArguments } from '../read-arguments.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const { values: options } = readArguments({
  script: import.meta.url,
  options: {
    layers: { type: 'number', default: 12 },
    hidden: { type: 'number', default: 768 },
    examples: { type: 'number', default: 128 },
    sentences: { type: 'number', default: 4 },
    workers: { type: 'number', default: Math.min(8, availableParallelism()) },
    runs: { type: 'number', default: 3 },
    root: { type: 'string', default: join(tmpdir(), 'hubfuse-bench') },
    peers: { type: 'string' },
  },
});

ensureBuilt();
const { loadDataset, openScorer, registerEvaluation, tokenise } = await import('@hubfuse/evaluate');
const { registerArchitectures } = await import('@hubfuse/graphs');
const { Registry } = await import('@hubfuse/plugin');
const { findMeasure, gatherStatistics, openMeasuredModel, planGathering } = await import('@hubfuse/statistics');
const { noiseBert, noiseTexts } = await import('./noise-bert.mjs');

const workers = options.workers;
const hidden = options.hidden;
const root = join(options.root, 'grams');
mkdirSync(root, { recursive: true });
const examples = join(here, '../../examples/intents-tiny');
const folder = join(root, `bert-${options.layers}x${hidden}`);
const file = join(root, 'texts.jsonl');
await noiseBert({ folder, examples, layers: options.layers, hidden, inner: 4 * hidden });
noiseTexts({ file, examples, count: options.examples, sentences: options.sentences });

const registry = new Registry();
await Promise.all([registerArchitectures(registry), registerEvaluation(registry)]);
const task = 'text-classification';
const dataset = await loadDataset({ name: 'texts', source: { path: file }, task, registry });
const { encoded } = await tokenise({ model: { folder }, dataset, registry });
const tokens = encoded.lengths.reduce((sum, length) => sum + length, 0);
const { model, modelSha256 } = await openMeasuredModel({ folder, name: 'noise', registry });
const kind = findMeasure({ kind: 'gram' });
const plan = planGathering({ model, ...kind, limits: { workers, memory: 16 * 2 ** 30 } });

const scorer = openScorer({ registry, workers });
const origin = { model: 'noise', modelSha256, dataset: 'texts', version: '0' };
const path = join(root, 'grams.safetensors');

/** Seconds on the clock and of all threads together, sessions and files included. */
async function timed(work) {
  const start = performance.now();
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return { clock: (performance.now() - start) / 1000, threads: (user + system) / 1e6 };
}

const score = () => scorer.score({ model: { folder }, task, datasets: [dataset] });
const gather = () => gatherStatistics({ model, measure: kind.measure, plan, dataset, origin, path });

const rounds = [];
for (let round = 0; round <= options.runs; round++) {
  const [scored, gathered] = [await timed(score), await timed(gather)];
  if (round > 0) rounds.push({ scored, gathered });
}
await scorer.close();
const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];

console.log(
  `${cpus()[0]?.model}, ${workers} workers; BERT of ${options.layers} layers, ${hidden} wide; ${tokens} tokens`,
);
for (const [name, pick] of [
  ['on the clock', 'clock'],
  ['processor time', 'threads'],
]) {
  const [scoring, gathering] = ['scored', 'gathered'].map((what) => median(rounds.map((round) => round[what][pick])));
  const rate = (seconds) => `${(tokens / seconds).toFixed(0)} tokens/s`;
  const share = (scoring / gathering).toFixed(2);
  console.log(`${name.padEnd(16)} scoring ${rate(scoring)}, gathering ${rate(gathering)}: ${share} of scoring`);
}
console.log(`memory planned: ${(plan.peakBytes / 1e6).toFixed(0)} MB; file: ${(plan.fileBytes / 1e6).toFixed(0)} MB`);
if (options.peers !== undefined) {
  const peer = spawnSync(
    options.peers,
    [join(here, 'peers/grams_torch.py'), folder, file, String(workers), String(options.runs)],
    {
      encoding: 'utf8',
    },
  );
  console.log(peer.status === 0 ? peer.stdout.trim() : `PyTorch failed: ${peer.stderr}`);
}
rmSync(path, { force: true });
