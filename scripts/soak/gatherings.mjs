// Gatherings of statistics by every kind, with one worker and two, within ever less memory: the whole process takes no more
// than was planned, which is no more than is allowed, and the bytes are the same.
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { noiseBert, noiseTexts } from '../bench/noise-bert.mjs';
import { inChild } from './in-child.mjs';

const child = fileURLToPath(new URL('gather-child.mjs', import.meta.url));
const examples = fileURLToPath(new URL('../../examples/intents-tiny', import.meta.url));

export const KINDS = [
  { kind: 'gram' },
  { kind: 'fisher', variant: 'hard' },
  { kind: 'fisher', variant: 'hard-example' },
];
/** Of the way from the least memory that is accepted to what one pass by all workers takes. */
const SHARES = [1, 0.4, 0];
/** A BERT whose values, weights, outputs and sums are each large beside the process itself. */
const MODEL = { layers: 4, hidden: 768, inner: 3072, positions: 512 };
/** Texts of all lengths: runs of many shapes are what onnxruntime's memory is cut into pieces by. */
const TEXTS = { count: 24, sentences: 48, mixed: true };

/**
 * @typedef {{allowedBytes: number, plannedBytes: number, peakBytes: number, passes: number, workers: number, sha256: string}} Gathered
 * @param {{folder: string, data: string, path: string, kind: string, variant?: string, workers: number, share: number}} options
 * @returns {Promise<Gathered>}
 */
export function gatherInChild(options) {
  return inChild(child, options);
}

/** Makes a model and texts of noise. */
export async function noiseGathering({ root, model, texts }) {
  const [folder, data] = [join(root, 'model'), join(root, 'texts.jsonl')];
  await noiseBert({ folder, examples, ...model });
  noiseTexts({ file: data, examples, ...texts });
  return { folder, data, path: join(root, 'statistics.safetensors') };
}

export async function* gatherings(root) {
  const places = await noiseGathering({ root: join(root, 'gatherings'), model: MODEL, texts: TEXTS });
  for (const { kind, variant } of KINDS) {
    const checksums = new Set();
    for (const workers of [1, 2]) {
      for (const share of SHARES) {
        const what = `${variant === undefined ? kind : `${kind}, ${variant}`}, ${workers} worker${workers === 1 ? '' : 's'}, share ${share}`;
        const found = await gatherInChild({ ...places, kind, variant, workers, share });
        checksums.add(found.sha256);
        const { peakBytes, plannedBytes, allowedBytes, passes } = found;
        const bounded = peakBytes <= plannedBytes && plannedBytes <= allowedBytes;
        const bytes = checksums.size === 1 ? 'same bytes' : 'DIFFERENT BYTES';
        const figures = [allowedBytes, plannedBytes, peakBytes].map((size) => (size / 1e6).toFixed(0));
        const figure = `${figures[0]} MB allowed, ${figures[1]} planned, ${figures[2]} taken; ${passes} passes by ${found.workers}, ${bytes}`;
        yield { what, outcome: bounded && checksums.size === 1 ? 'ok' : 'failed', figure };
      }
    }
  }
}
