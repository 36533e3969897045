import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Registry, Task } from '@hubfuse/plugin';
import { headerEnd, readRange } from '@hubfuse/tensors';
import { type PreparedModel, prepareModel } from '../prepare-model.ts';
import type { ModelInput } from '../scorer-types.ts';

/** Bytes of a safetensors file before its header. */
const LENGTH_BYTES = 8;

/**
 * Candidates as `prepareModel` tells of them. One that has the headers of an earlier one in the same folder is that one with other
 * values: its graph is not built again. Config and tokenizer of a family are taken not to change while a race is open.
 */
export class PreparedCandidates {
  readonly #options: { task: Task; registry: Registry; maxLength?: number | undefined };
  readonly #known = new Map<string, { headers: string; prepared: PreparedModel[] }>();

  constructor(options: { task: Task; registry: Registry; maxLength?: number | undefined }) {
    this.#options = options;
  }

  async get(model: ModelInput): Promise<PreparedModel[]> {
    const [weights, family] = 'folder' in model ? [model.folder, model.folder] : [model.weights, model.family];
    const headers = await headersOf(weights);
    const key = JSON.stringify([weights, family]);
    const known = this.#known.get(key);
    // A copy each: sessions are named by the model that they are opened over.
    if (known !== undefined && known.headers === headers) return known.prepared.map((one) => ({ ...one }));
    const prepared = await prepareModel(model, this.#options);
    if (headers !== undefined) this.#known.set(key, { headers, prepared });
    return prepared;
  }
}

/** What stands in a folder of weights but the values; undefined where heads beside the weights would have to be looked at too. */
async function headersOf(folder: string): Promise<string | undefined> {
  const hash = createHash('sha256');
  const entries = (await readdir(folder).catch(() => [])).sort();
  if (entries.includes('heads')) return undefined;
  for (const name of entries) {
    const path = join(folder, name);
    if (name.endsWith('.json')) hash.update(name).update(await readFile(path));
    if (!name.endsWith('.safetensors')) continue;
    const { size } = await stat(path);
    hash.update(`${name} ${size}`).update(await readHeader(path, size));
  }
  return hash.digest('hex');
}

async function readHeader(path: string, fileSize: number): Promise<Uint8Array> {
  const start = await readRange(path, { start: 0, end: LENGTH_BYTES });
  return await readRange(path, { start: 0, end: headerEnd(start, { file: path, fileSize }) });
}
