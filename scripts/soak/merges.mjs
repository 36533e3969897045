// Merges of large generated models with each method: time, peak memory of the whole process, equal bytes.
import { rmSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { noiseModels } from '../bench/noise-model.mjs';
import { inChild } from './in-child.mjs';

const child = fileURLToPath(new URL('merge-child.mjs', import.meta.url));
/** What a merge may take, whatever the size of the models. */
const MEMORY_LIMIT = 2 ** 30;
const FINE_TUNES = 2;
/** Space that must remain free. */
const RESERVE = 2e9;

export const METHODS = {
  linear: { merge_method: 'linear' },
  task_arithmetic: { merge_method: 'task_arithmetic' },
  'ties (model)': { merge_method: 'ties', parameters: { scope: 'model', density: 0.2 } },
  pcb: { merge_method: 'pcb' },
  'ties (tensor)': { merge_method: 'ties', parameters: { scope: 'tensor', density: 0.2 } },
};

/**
 * Runs one merge in a process of its own.
 * @param {{recipe: object, out: string, workers?: number, memory?: number}} options
 * @returns {Promise<{seconds: number, peakBytes: number, files: {path: string, size: number, sha256: string}[]}>}
 */
export function mergeInChild(options) {
  return inChild(child, options);
}

/**
 * Merges of models of `bytes` each, of which every `every`-th block is noise and the rest holes.
 * @param {{folder: string, methods: string[], bytes: number, every?: number, compareWorkers?: boolean}} options
 */
export async function* merges({ folder, methods, bytes, every = 1, compareWorkers = false }) {
  const size = `${bytes / 1e9} GB${every > 1 ? ', sparse' : ''}`;
  const needed = bytes + ((FINE_TUNES + 1) * bytes) / every + RESERVE;
  const { bavail, bsize } = statfsSync(folder);
  if (bavail * bsize < needed) {
    const figure = `needs ${gigabytes(needed)} of disk in ${folder}, ${gigabytes(bavail * bsize)} are free`;
    yield { what: size, outcome: 'skipped', figure };
    return;
  }
  const root = join(folder, 'models');
  const out = join(folder, 'out');
  try {
    const [base, ...models] = noiseModels({ root, bytes, count: FINE_TUNES, every });
    for (const name of methods) {
      const recipe = { ...METHODS[name], models, ...(name === 'linear' ? {} : { base_model: base }) };
      yield await measure({ what: `${name}, ${size}`, recipe, out, compareWorkers });
    }
  } finally {
    rmSync(root, { recursive: true, force: true });
    rmSync(out, { recursive: true, force: true });
  }
}

async function measure({ what, recipe, out, compareWorkers }) {
  const checksums = new Set();
  const figures = [];
  let peak = 0;
  try {
    for (const workers of compareWorkers ? [1, 2] : [undefined]) {
      const { seconds, peakBytes, files } = await mergeInChild({ recipe, out, workers });
      rmSync(out, { recursive: true, force: true });
      peak = Math.max(peak, peakBytes);
      checksums.add(JSON.stringify(files));
      figures.push(`${workers === undefined ? '' : `${workers} worker(s): `}${seconds.toFixed(1)} s`);
    }
  } catch (error) {
    return { what, outcome: 'failed', figure: error.message };
  }
  const same = checksums.size === 1;
  const outcome = same && peak < MEMORY_LIMIT ? 'ok' : 'failed';
  if (compareWorkers) figures.push(same ? 'same bytes' : 'DIFFERENT BYTES');
  return { what, outcome, figure: `${figures.join(', ')}, peak ${Math.round(peak / 2 ** 20)} MiB` };
}

const gigabytes = (bytes) => `${(bytes / 1e9).toFixed(1)} GB`;
