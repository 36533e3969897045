// `npm run bench`: throughput of the merge methods beside a plain copy of the same bytes, in one run on one machine.
//
//   npm run bench -- [--size 1GB] [--models 4] [--runs 3] [--root <folder>] [--peers <python>]
//
// The inputs are models of noise in bfloat16, written once below --root and kept there. Every figure is the median of
// --runs, the methods taken in turn, so that a machine whose speed drifts treats all alike. Inputs come from the page
// cache (warm) unless they are larger than memory; the first round is not counted.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, fsyncSync, mkdirSync, openSync, readSync, renameSync, rmSync, statSync, writeSync } from 'node:fs';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureBuilt } from '../build.mjs';
import { readArguments, refuse } from '../read-arguments.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const { values: options } = readArguments({
  script: import.meta.url,
  options: {
    size: { type: 'string', default: '1GB' },
    models: { type: 'number', default: 4 },
    runs: { type: 'number', default: 3 },
    root: { type: 'string', default: join(tmpdir(), 'hubfuse-bench') },
    peers: { type: 'string' },
  },
});

/** What is measured: a recipe per method over the same folders. */
const METHODS = {
  linear: { merge_method: 'linear' },
  task_arithmetic: { merge_method: 'task_arithmetic', parameters: { lambda: 0.4 } },
  ties: { merge_method: 'ties', parameters: { density: 0.2 } },
  'ties (whole model)': { merge_method: 'ties', parameters: { density: 0.2, scope: 'model' } },
  pcb: { merge_method: 'pcb', parameters: { ratio: 0.1 } },
};

/** Python programs that do the same, by the method they answer to. */
const PEERS = {
  linear: { name: 'mergekit', script: 'mergekit_merge.py' },
  ties: { name: 'mergekit', script: 'mergekit_merge.py' },
  pcb: { name: 'PyTorch, the authors’ formula', script: 'pcb_torch.py' },
};

function bytesOf(text) {
  const match = /^([\d.]+)\s*(MB|GB)$/i.exec(text);
  if (match === null) refuse(`--size ${text}: write 500MB or 2GB`, import.meta.url);
  return Number(match[1]) * (match[2].toUpperCase() === 'GB' ? 1e9 : 1e6);
}

const seconds = (since) => (performance.now() - since) / 1000;
const median = (figures) => [...figures].sort((a, b) => a - b)[Math.floor(figures.length / 2)];

/** Reads every input once and writes one of them, durably: what no merger can undercut. */
function copy(folders, out) {
  const start = performance.now();
  const buffer = Buffer.allocUnsafe(1 << 20);
  const target = openSync(join(out, 'copy.partial'), 'w');
  for (const [index, folder] of folders.entries()) {
    const file = openSync(join(folder, 'model.safetensors'), 'r');
    for (;;) {
      const count = readSync(file, buffer, 0, buffer.length, null);
      if (count === 0) break;
      if (index === 0) writeSync(target, buffer, 0, count);
    }
    closeSync(file);
  }
  fsyncSync(target);
  closeSync(target);
  renameSync(join(out, 'copy.partial'), join(out, 'copy'));
  return seconds(start);
}

/** SHA-256 of one output, which hubfuse computes and a plain copy does not. */
function hash(folders) {
  const start = performance.now();
  const buffer = Buffer.allocUnsafe(1 << 20);
  const digest = createHash('sha256');
  const file = openSync(join(folders[0], 'model.safetensors'), 'r');
  for (;;) {
    const count = readSync(file, buffer, 0, buffer.length, null);
    if (count === 0) break;
    digest.update(buffer.subarray(0, count));
  }
  closeSync(file);
  digest.digest();
  return seconds(start);
}

async function prepareMerges(folders) {
  const { Registry } = await import('@hubfuse/plugin');
  const { folderSource, readCheckpoint } = await import('@hubfuse/tensors');
  const { parseRecipe } = await import('@hubfuse/recipe');
  const { executeMerge, planMerge, registerMethods } = await import('@hubfuse/merge');
  const registry = new Registry();
  await registerMethods(registry);
  const config = { model_type: 'llama', architectures: ['LlamaForCausalLM'] };
  const inputs = await Promise.all(
    folders.map(async (folder) => {
      const source = await folderSource(folder);
      return { source, checkpoint: await readCheckpoint(source), config };
    }),
  );
  return async (recipe, out) => {
    const usesBase = registry.get('method', recipe.merge_method).base !== 'unused';
    const [base, ...models] = inputs;
    const named = {
      ...recipe,
      models: folders.slice(usesBase ? 1 : 0),
      ...(usesBase ? { base_model: folders[0] } : {}),
    };
    const start = performance.now();
    const cpu = process.cpuUsage();
    const parsed = parseRecipe(JSON.stringify(named), { registry });
    const taken = usesBase ? models : inputs;
    const plan = planMerge({ recipe: parsed, base: usesBase ? base : undefined, models: taken, registry });
    await executeMerge({ plan, folders, out, registry });
    const used = process.cpuUsage(cpu);
    return { wall: seconds(start), cpu: (used.user + used.system) / 1e6 };
  };
}

function peer({ script }, { method, folders, out }) {
  const result = spawnSync(options.peers, [join(here, 'peers', script), method, out, ...folders], { encoding: 'utf8' });
  if (result.status !== 0) return { failed: (result.stderr || result.stdout).trim().split('\n').at(-1) };
  return JSON.parse(result.stdout.trim().split('\n').at(-1));
}

function row(name, { wall, cpu, base, bytes }) {
  const rate = `${(bytes / wall / 1e9).toFixed(2)} GB/s`;
  const ratio = base === undefined ? '' : `${(wall / base).toFixed(2)} x copy`;
  const cells = [
    name.padEnd(34),
    `${wall.toFixed(2)} s`.padStart(9),
    `${cpu?.toFixed(2) ?? '-'} s cpu`.padStart(12),
    rate.padStart(11),
  ];
  process.stdout.write(`${cells.join('  ')}  ${ratio}\n`);
}

ensureBuilt();
const { noiseModels } = await import('./noise-model.mjs');
const count = options.models;
const folders = noiseModels({ root: join(options.root, options.size), bytes: bytesOf(options.size), count });
const out = join(options.root, 'out');
mkdirSync(out, { recursive: true });
const size = statSync(join(folders[0], 'model.safetensors')).size;
const bytes = size * (folders.length + 1);
process.stdout.write(
  `${cpus()[0]?.model}, ${availableParallelism()} cores, Node ${process.version}; ` +
    `base and ${count} models of ${(size / 1e9).toFixed(2)} GB in bfloat16, one output\n\n`,
);
const merge = await prepareMerges(folders);
const figures = { copy: [], hash: [], ...Object.fromEntries(Object.keys(METHODS).map((name) => [name, []])) };
for (let round = 0; round <= options.runs; round++) {
  const keep = (name, figure) => {
    if (round > 0) figures[name].push(figure);
  };
  keep('copy', { wall: copy(folders, out) });
  keep('hash', { wall: hash(folders) });
  for (const [name, recipe] of Object.entries(METHODS)) {
    const target = join(out, 'merged');
    rmSync(target, { recursive: true, force: true });
    keep(name, await merge(recipe, target));
  }
}
const base = median(figures.copy.map(({ wall }) => wall));
for (const [name, measured] of Object.entries(figures)) {
  const wall = median(measured.map((figure) => figure.wall));
  const cpu = measured[0].cpu === undefined ? undefined : median(measured.map((figure) => figure.cpu));
  const label = { copy: 'copy: read all, write one, fsync', hash: 'SHA-256 of one output (part of each merge)' }[name];
  row(label ?? name, { wall, cpu, base: name === 'hash' ? undefined : base, bytes: name === 'hash' ? size : bytes });
}
if (options.peers !== undefined) {
  process.stdout.write('\n');
  for (const [method, program] of Object.entries(PEERS)) {
    const target = join(out, 'peer');
    rmSync(target, { recursive: true, force: true });
    mkdirSync(target, { recursive: true });
    const measured = peer(program, { method, folders, out: target });
    if (measured.failed !== undefined) process.stdout.write(`${program.name}, ${method}: ${measured.failed}\n`);
    else {
      row(`${program.name}, ${method}`, { wall: measured.seconds, cpu: measured.cpu, base, bytes });
      const ours = median(figures[method].map(({ wall }) => wall));
      process.stdout.write(`${' '.repeat(34)}  hubfuse is ${(measured.seconds / ours).toFixed(1)} times as fast\n`);
    }
  }
}
rmSync(out, { recursive: true, force: true });
