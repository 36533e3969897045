import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Registry } from '@hubfuse/plugin';
import { folderSource, readCheckpoint, type StoredTensor, writeSafetensors } from '@hubfuse/tensors';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { randomNumbers } from '../test/central-differences.ts';
import { HEADS, type TinyModel, tinyBert, tinyDistilbert } from '../test/tiny-models.ts';
import { graphOverFiles } from './graph-over-files.ts';
import { registerArchitectures } from './register.ts';
import { type GraphTensor, runGraph } from './run-graph.ts';

// An unpadded graph answers at every token that is no padding what the graph with all of them answers, however the batch is padded.

const registry = new Registry();
let root: string;
beforeAll(async () => {
  await registerArchitectures(registry);
  root = await mkdtemp(join(tmpdir(), 'hubfuse-unpadded-'));
});
afterAll(() => rm(root, { recursive: true, force: true }));

const bert = (kind: string, head: Record<string, number[]>, config = {}): TinyModel =>
  tinyBert({ className: `Bert${kind}`, head, config });
const MODELS: Readonly<Record<string, TinyModel>> = {
  'BERT for sequences': bert('ForSequenceClassification', HEADS.bertSequence),
  'BERT for tokens': bert('ForTokenClassification', HEADS.tokens),
  'BERT for tokens as a decoder': bert('ForTokenClassification', HEADS.tokens, { is_decoder: true }),
  'RoBERTa for sequences': tinyBert({ className: 'RobertaForSequenceClassification', head: HEADS.robertaSequence }),
  'DistilBERT for sequences': tinyDistilbert({
    className: 'DistilBertForSequenceClassification',
    head: HEADS.distilbertSequence,
  }),
};

const LENGTH = 4;
const BATCHES: Readonly<Record<string, number[][]>> = {
  'nothing is padded': [
    [1, 1, 1, 1],
    [1, 1, 1, 1],
  ],
  'the ends are padded': [
    [1, 1, 1, 1],
    [1, 1, 0, 0],
    [1, 0, 0, 0],
  ],
  'all are padded': [
    [1, 1, 0, 0],
    [1, 1, 1, 0],
  ],
  'a token in the middle is hidden': [
    [1, 0, 1, 1],
    [1, 1, 0, 1],
  ],
  'there is one sequence': [[1, 1, 1, 0]],
};

async function written(
  model: TinyModel,
  name: string,
): Promise<{ folder: string; tensors: Map<string, StoredTensor> }> {
  const random = randomNumbers(5);
  const stored = [...model.tensors].map(([tensor, { shape }]) => {
    const values = Float32Array.from(
      { length: shape.reduce((product, size) => product * size, 1) },
      () => 2 * random() - 1,
    );
    return [tensor, { dtype: 'F32' as const, shape: [...shape], data: new Uint8Array(values.buffer) }] as const;
  });
  const folder = await mkdtemp(join(root, `${name.replaceAll(' ', '-')}-`));
  await writeSafetensors(join(folder, 'model.safetensors'), new Map(stored));
  return { folder, tensors: new Map((await readCheckpoint(await folderSource(folder))).tensors) };
}

function feedOf(mask: readonly number[][]): Record<string, GraphTensor> {
  const dimensions = [mask.length, LENGTH];
  const whole = (value: (place: number) => number): GraphTensor => ({
    data: BigInt64Array.from({ length: mask.length * LENGTH }, (_, place) => BigInt(value(place))),
    dimensions,
  });
  return {
    input_ids: whole((place) => 2 + (place % 3)),
    attention_mask: whole((place) => mask.flat()[place] ?? 0),
    token_type_ids: whole((place) => place % 2),
  };
}

test.each(Object.keys(MODELS))('%s', async (name) => {
  const model = MODELS[name] as TinyModel;
  const { folder, tensors } = await written(model, name);
  const feeds = Object.values(BATCHES).map(feedOf);
  const answers = async (unpadded: boolean) => {
    const graph = await graphOverFiles({ config: model.config, tensors, registry, folder, unpadded });
    return (await runGraph({ ...graph, feeds })).map(({ logits }) => logits as GraphTensor);
  };
  const [padded, unpadded] = await Promise.all([answers(false), answers(true)]);
  for (const [index, [batch, mask]] of Object.entries(BATCHES).entries()) {
    const [expected, actual] = [padded[index] as GraphTensor, unpadded[index] as GraphTensor];
    expect(actual.dimensions, batch).toEqual(expected.dimensions);
    const labels = expected.dimensions.at(-1) ?? 0;
    const perToken = expected.dimensions.length === 3;
    let compared = 0;
    for (const [answer, seen] of (perToken ? mask.flat() : mask.map(() => 1)).entries()) {
      if (seen === 0) continue;
      for (let label = answer * labels; label < (answer + 1) * labels; label++) {
        expect(Number(actual.data[label]), `${batch}, logit ${label}`).toBeCloseTo(Number(expected.data[label]), 5);
        compared++;
      }
    }
    expect(compared).toBe(labels * (perToken ? mask.flat().filter((seen) => seen === 1).length : mask.length));
  }
});
