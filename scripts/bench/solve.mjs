// `npm run bench:solve`: the equations of one linear layer by RegMean, sum_i c_i G_i W = sum_i c_i G_i W_i, on one thread,
// beside numpy where --peers names a Python that has it.
//
//   npm run bench:solve -- [--sizes 768x768,3072x768] [--models 4] [--runs 3] [--peers <python>] [--kernels]
//
// --kernels leaves the products to our own kernels, as where onnxruntime is not installed. A size is the layer's inputs x outputs.
// Memory is what a process's largest resident size grows by.
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureBuilt } from '../build.mjs';
import { readArguments } from '../read-arguments.mjs';

const { values: options } = readArguments({
  script: import.meta.url,
  options: {
    sizes: { type: 'string', default: '768x768,3072x768' },
    models: { type: 'number', default: 4 },
    runs: { type: 'number', default: 3 },
    peers: { type: 'string' },
    kernels: { type: 'boolean' },
  },
});
await ensureBuilt();
const { Registry } = await import('@hubfuse/plugin');
const { registerMethods } = await import('@hubfuse/merge');
const { KernelInstance, KernelMemory } = await import('@hubfuse/tensors');
const { largeProducts } = await import('../../packages/merge/dist/execute/runtime-products.js');

const products = largeProducts();
const registry = new Registry();
await registerMethods(registry);
const models = options.models;
const median = (figures) => [...figures].sort((a, b) => a - b)[Math.floor(figures.length / 2)];

/** A number in [-0.5, 0.5) that depends on nothing but its place. */
function noise(place) {
  let bits = Math.imul(place ^ (place >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return ((bits ^ (bits >>> 16)) >>> 0) / 2 ** 32 - 0.5;
}

/** Something like second moments: symmetric noise around a diagonal that keeps it positive definite. */
function fillGram(into, inputs, seed) {
  for (let i = 0; i < inputs; i++) {
    for (let j = 0; j <= i; j++) {
      const value = noise(seed * inputs ** 2 + i * inputs + j);
      into[i * inputs + j] = i === j ? 1.5 + value : (0.7 * value) / Math.sqrt(inputs);
      into[j * inputs + i] = into[i * inputs + j];
    }
  }
}

function fillWeight(into, from, inputs, seed) {
  for (let i = 0; i < into.length; i++) {
    into[i] = noise(7 + seed * 31 + from * inputs + i);
  }
}

async function solve(inputs, outputs) {
  const values = { global: { alpha: 0.9 }, models: Array.from({ length: models }, () => ({ weight: 1 })) };
  const method = registry.get('method', 'regmean');
  const parameters = { alpha: 0.9, gram: 'mean', padding: 'mask', exclude: [] };
  const { linear } = method.program({ models, parameters, modelParameters: values.models });
  const memory = new KernelMemory();
  const kernels = new KernelInstance(memory, options.kernels ? {} : { products });
  const bytes = 8 * (linear.workspace({ inputs, outputs, models }) + inputs * outputs);
  memory.reserve(bytes + 8192);
  const out = memory.float64(inputs * outputs);
  let reading = 0;
  const timed = (action) => {
    const start = performance.now();
    action();
    reading += performance.now() - start;
  };
  const layer = {
    ...{ tensor: 'layer', inputs, outputs, models, parameters: values, matrices: kernels.matrix, out },
    rows: () => undefined,
    readGram: (model, into) => timed(() => fillGram(into, inputs, model)),
    readWeight: (model, from, into) => timed(() => fillWeight(into, from, inputs, model)),
    float64: (length) => memory.float64(length),
  };
  const start = performance.now();
  const { residual } = await linear.merge(layer);
  return { seconds: (performance.now() - start - reading) / 1000, residual, bytes };
}

const before = process.resourceUsage().maxRSS;
const peer = join(dirname(fileURLToPath(import.meta.url)), 'peers', 'solve_numpy.py');
const sizes = options.sizes.split(',');
for (const size of sizes) {
  if (sizes.length > 1) {
    // Each in a process of its own, so that its memory is its own.
    const again = process.argv.slice(2).filter((word, i, all) => word !== '--sizes' && all[i - 1] !== '--sizes');
    const { status } = spawnSync(process.execPath, [process.argv[1], ...again, '--sizes', size], { stdio: 'inherit' });
    if (status !== 0) process.exit(status ?? 1);
    continue;
  }
  const [inputs, outputs] = size.split('x').map(Number);
  const runs = [];
  for (let i = 0; i < options.runs; i++) runs.push(await solve(inputs, outputs));
  const seconds = median(runs.map((run) => run.seconds));
  const operations = 2 * models * inputs ** 2 * outputs + inputs ** 3 / 3 + 2 * inputs ** 2 * outputs;
  const rate = (operations / seconds / 1e9).toFixed(1);
  const { residual, bytes } = runs[0];
  const megabytes = Math.ceil((process.resourceUsage().maxRSS - before) / 1024);
  console.log(
    `${size}, ${models} models: ${seconds.toFixed(2)} s, ${rate} GFLOP/s, ${megabytes} MB (${Math.ceil(bytes / 1e6)} planned), residual ${residual.toExponential(1)}`,
  );
  if (options.peers === undefined) continue;
  for (const threads of ['1', undefined]) {
    const env =
      threads === undefined ? process.env : { ...process.env, OMP_NUM_THREADS: threads, OPENBLAS_NUM_THREADS: threads };
    const found = spawnSync(options.peers, [peer, inputs, outputs, models, options.runs].map(String), {
      env,
      encoding: 'utf8',
    });
    if (found.status !== 0) throw new Error(found.stderr);
    const { seconds: theirs, megabytes } = JSON.parse(found.stdout);
    const who = threads === undefined ? 'numpy, all cores' : 'numpy, one thread';
    console.log(
      `  ${who}: ${theirs.toFixed(2)} s, ${(operations / theirs / 1e9).toFixed(1)} GFLOP/s, ${Math.ceil(megabytes)} MB`,
    );
  }
}
