// `npm run bench:fisher`: gathering Fisher information, of batches and of single examples, in one run on one machine.
//
//   npm run bench:fisher -- [--layers 4] [--hidden 768] [--examples 64] [--sentences 1] [--workers 2] [--runs 3]
//                           [--peers <python>]
//
// The model is a BERT of noise. Every figure is the median of --runs, the first round is not counted. `--peers` names a
// Python with torch and transformers: the same examples through PyTorch's backward pass.
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
    layers: { type: 'number', default: 4 },
    hidden: { type: 'number', default: 768 },
    examples: { type: 'number', default: 64 },
    sentences: { type: 'number', default: 1 },
    workers: { type: 'number', default: Math.min(8, availableParallelism()) },
    runs: { type: 'number', default: 3 },
    root: { type: 'string', default: join(tmpdir(), 'hubfuse-bench') },
    peers: { type: 'string' },
  },
});

ensureBuilt();
const { loadDataset, registerEvaluation } = await import('@hubfuse/evaluate');
const { registerArchitectures } = await import('@hubfuse/graphs');
const { Registry } = await import('@hubfuse/plugin');
const { findMeasure, gatherStatistics, openMeasuredModel, planGathering } = await import('@hubfuse/statistics');
const { noiseBert, noiseTexts } = await import('./noise-bert.mjs');

const [workers, hidden, count] = [options.workers, options.hidden, options.examples];
const root = join(options.root, 'fisher');
mkdirSync(root, { recursive: true });
const examples = join(here, '../../examples/intents-tiny');
const folder = join(root, `bert-${options.layers}x${hidden}`);
const file = join(root, 'texts.jsonl');
await noiseBert({ folder, examples, layers: options.layers, hidden, inner: 4 * hidden });
noiseTexts({ file, examples, count, sentences: options.sentences });

const registry = new Registry();
await Promise.all([registerArchitectures(registry), registerEvaluation(registry)]);
const dataset = await loadDataset({ name: 'texts', source: { path: file }, task: 'text-classification', registry });
const { model, modelSha256 } = await openMeasuredModel({ folder, name: 'noise', registry });
const origin = { model: 'noise', modelSha256, dataset: 'texts', version: '0' };
const path = join(root, 'fisher.safetensors');

console.log(
  `${cpus()[0]?.model}, ${workers} workers; BERT of ${options.layers} layers, ${hidden} wide; ${count} examples`,
);
for (const variant of ['hard', 'hard-example']) {
  const { measure, request } = findMeasure({ kind: 'fisher', variant });
  const plan = planGathering({ model, measure, request, limits: { workers, memory: 16 * 2 ** 30 } });
  const seconds = [];
  for (let round = 0; round <= options.runs; round++) {
    let start = 0;
    const onProgress = ({ phase }) => {
      // Tokenising and writing are not what PyTorch is compared in; opening sessions is.
      if (phase === 'tokenize') start = performance.now();
    };
    let end = 0;
    const last = (progress) => {
      onProgress(progress);
      if (progress.phase === 'gather') end = performance.now();
    };
    await gatherStatistics({ model, measure, plan, dataset, origin, path, onProgress: last });
    if (round > 0) seconds.push((end - start) / 1000);
  }
  const median = seconds.sort((a, b) => a - b)[Math.floor(seconds.length / 2)];
  const memory = `${plan.passes.length} pass, ${(plan.peakBytes / 1e6).toFixed(0)} MB planned`;
  console.log(`${variant.padEnd(13)} ${(count / median).toFixed(1)} examples/s (${memory})`);
}
if (options.peers !== undefined) {
  const program = join(here, 'peers/fisher_torch.py');
  const peer = spawnSync(options.peers, [program, folder, file, String(workers), String(options.runs)], {
    encoding: 'utf8',
  });
  console.log(peer.status === 0 ? peer.stdout.trim() : `PyTorch failed: ${peer.stderr}`);
}
rmSync(path, { force: true });
