import type { Dataset } from './dataset.ts';
import { type EncodedDataset, joinEncoded } from './encoded-dataset.ts';
import type { PreparedModel } from './prepare-model.ts';
import type { EncodeReply, EncodeRequest } from './protocol.ts';
import type { WorkerPool } from './worker-pool.ts';

/** Examples that one worker tokenises at a time. */
const EXAMPLES_AT_ONCE = 256;

/** Tokenised datasets, kept as long as the `Dataset` object lives: the models of a family share them. */
export class EncodedCache {
  readonly #pool: WorkerPool;
  readonly #encoded = new WeakMap<Dataset, Map<string, EncodedDataset>>();

  constructor(pool: WorkerPool) {
    this.#pool = pool;
  }

  /** The dataset in the tokens of a model, tokenised by all workers where that was not done before. */
  async get(dataset: Dataset, model: PreparedModel, onDone: (examples: number) => void): Promise<EncodedDataset> {
    const key = `${model.tokenizer}/${model.maxLength}`;
    const known = this.#encoded.get(dataset) ?? new Map<string, EncodedDataset>();
    this.#encoded.set(dataset, known);
    const encoded = known.get(key) ?? (await this.#encode(dataset, model, key, onDone));
    known.set(key, encoded);
    return encoded;
  }

  async #encode(
    dataset: Dataset,
    model: PreparedModel,
    key: string,
    onDone: (examples: number) => void,
  ): Promise<EncodedDataset> {
    const requests: EncodeRequest[] = [];
    for (let start = 0; start < dataset.examples.length; start += EXAMPLES_AT_ONCE) {
      const inputs = dataset.examples.slice(start, start + EXAMPLES_AT_ONCE).map(({ input }) => input);
      requests.push({
        kind: 'encode',
        tokenizer: key,
        folder: model.family,
        maxLength: model.maxLength,
        task: dataset.task,
        inputs,
      });
    }
    const parts: EncodeReply[] = new Array(requests.length);
    let done = 0;
    await this.#pool.share(requests.length, async (place, index) => {
      const request = requests[index];
      if (request === undefined) return;
      parts[index] = await this.#pool.request(place, request);
      done += request.inputs.length;
      onDone(done);
    });
    return joinEncoded(parts);
  }
}
