// `npm run bench:gpu`: scoring throughput on a GPU against this processor, in one run on one machine.
//
//   npm run bench:gpu -- [--device webgpu] [--device cuda] [--layers 12] [--hidden 768] [--examples 256] [--runs 3] [--workers 8]
//
// The model is a BERT of noise. Devices take turns; every figure is the median of --runs, and the first round is not counted: a session
// compiles its kernels in it. A device that cannot be had is said to be so. A card made of software is none and is refused.
import { mkdirSync } from 'node:fs';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureBuilt } from '../build.mjs';
import { readArguments } from '../read-arguments.mjs';

const { values: options } = readArguments({
  script: import.meta.url,
  options: {
    device: { type: 'string', multiple: true, default: ['webgpu', 'cuda'] },
    layers: { type: 'number', default: 12 },
    hidden: { type: 'number', default: 768 },
    examples: { type: 'number', default: 256 },
    runs: { type: 'number', default: 3 },
    workers: { type: 'number', default: Math.min(8, availableParallelism()) },
    root: { type: 'string', default: join(tmpdir(), 'hubfuse-bench') },
  },
});
const say = (text) => process.stdout.write(`${text}\n`);
if (/lvp_icd|llvmpipe/.test(process.env.VK_ICD_FILENAMES ?? '')) {
  say('bench:gpu skipped: VK_ICD_FILENAMES names a graphics card made of software, whose speed says nothing');
  process.exit(0);
}

ensureBuilt();
const { loadDataset, openScorer, registerEvaluation } = await import('@hubfuse/evaluate');
const { registerArchitectures } = await import('@hubfuse/graphs');
const { Registry } = await import('@hubfuse/plugin');
const { noiseBert, noiseTexts } = await import('./noise-bert.mjs');

const root = join(options.root, 'gpu');
mkdirSync(root, { recursive: true });
const examples = join(dirname(fileURLToPath(import.meta.url)), '../../examples/intents-tiny');
const hidden = options.hidden;
const folder = join(root, `bert-${options.layers}x${hidden}`);
const file = join(root, 'texts.jsonl');
await noiseBert({ folder, examples, layers: options.layers, hidden, inner: 4 * hidden });
noiseTexts({ file, examples, count: options.examples, sentences: 4 });
const registry = new Registry();
await Promise.all([registerArchitectures(registry), registerEvaluation(registry)]);
const task = 'text-classification';
const dataset = await loadDataset({ name: 'texts', source: { path: file }, task, registry });

/** Seconds of one scoring, its session included. */
async function seconds(scorer) {
  const began = performance.now();
  await scorer.score({ model: { folder }, task, datasets: [dataset] });
  return (performance.now() - began) / 1000;
}

const scorers = new Map();
for (const device of ['cpu', ...options.device]) {
  const scorer = openScorer({ registry, workers: options.workers, device });
  try {
    await seconds(scorer);
    scorers.set(device, { scorer, times: [] });
  } catch (error) {
    await scorer.close();
    if (error.code !== 'evaluate/no-device') throw error;
    say(`${device}: none on this machine (${error.message.split('\n')[0]})`);
  }
}
for (let run = 0; run < options.runs; run++) {
  for (const { scorer, times } of scorers.values()) times.push(await seconds(scorer));
}
const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
const processor = median(scorers.get('cpu').times);
say(`BERT ${options.layers} x ${hidden}, ${dataset.examples.length} texts, ${cpus()[0]?.model ?? 'unknown processor'}`);
for (const [device, { scorer, times }] of scorers) {
  const time = median(times);
  const rate = (dataset.examples.length / time).toFixed(1);
  say(`${device.padEnd(8)}${rate.padStart(8)} examples/s${(processor / time).toFixed(2).padStart(8)} x cpu`);
  await scorer.close();
}
if (scorers.size === 1) say('no GPU was measured: there is none here');
// Dawn keeps the process alive.
process.exit(0);
