import { Registry } from '@hubfuse/plugin';
import type { StoredTensor } from '@hubfuse/tensors';
import { beforeAll, expect, test } from 'vitest';
import { buildGraph } from './build-graph.ts';
import { registerArchitectures } from './register.ts';

const registry = new Registry();
beforeAll(() => registerArchitectures(registry));

type Shapes = Record<string, number[]>;

const dense = (name: string, out: number, input: number): Shapes => ({
  [`${name}.weight`]: [out, input],
  [`${name}.bias`]: [out],
});
const norm = (name: string, width: number): Shapes => ({ [`${name}.weight`]: [width], [`${name}.bias`]: [width] });

const layers = (count: number, layer: (index: number) => Shapes): Shapes =>
  Object.assign({}, ...Array.from({ length: count }, (_, index) => layer(index))) as Shapes;

/** Tensors of a bare encoder of base size, as BertModel and RobertaModel save them. */
function bertTensors(vocabulary: number): Shapes {
  return {
    'embeddings.word_embeddings.weight': [vocabulary, 768],
    'embeddings.position_embeddings.weight': [512, 768],
    'embeddings.token_type_embeddings.weight': [2, 768],
    ...norm('embeddings.LayerNorm', 768),
    ...layers(12, (index) => ({
      ...dense(`encoder.layer.${index}.attention.self.query`, 768, 768),
      ...dense(`encoder.layer.${index}.attention.self.key`, 768, 768),
      ...dense(`encoder.layer.${index}.attention.self.value`, 768, 768),
      ...dense(`encoder.layer.${index}.attention.output.dense`, 768, 768),
      ...norm(`encoder.layer.${index}.attention.output.LayerNorm`, 768),
      ...dense(`encoder.layer.${index}.intermediate.dense`, 3072, 768),
      ...dense(`encoder.layer.${index}.output.dense`, 768, 3072),
      ...norm(`encoder.layer.${index}.output.LayerNorm`, 768),
    })),
  };
}

function distilbertTensors(): Shapes {
  return {
    'embeddings.word_embeddings.weight': [30522, 768],
    'embeddings.position_embeddings.weight': [512, 768],
    ...norm('embeddings.LayerNorm', 768),
    ...layers(6, (index) => ({
      ...dense(`transformer.layer.${index}.attention.q_lin`, 768, 768),
      ...dense(`transformer.layer.${index}.attention.k_lin`, 768, 768),
      ...dense(`transformer.layer.${index}.attention.v_lin`, 768, 768),
      ...dense(`transformer.layer.${index}.attention.out_lin`, 768, 768),
      ...norm(`transformer.layer.${index}.sa_layer_norm`, 768),
      ...dense(`transformer.layer.${index}.ffn.lin1`, 3072, 768),
      ...dense(`transformer.layer.${index}.ffn.lin2`, 768, 3072),
      ...norm(`transformer.layer.${index}.output_layer_norm`, 768),
    })),
  };
}

function stored(shapes: Shapes): Map<string, StoredTensor> {
  let offset = 8;
  return new Map(
    Object.entries(shapes).map(([name, shape]) => {
      const bytes = 4 * shape.reduce((product, size) => product * size, 1);
      const tensor: StoredTensor = { name, dtype: 'F32', shape, file: 'model.safetensors', offset, bytes };
      offset += bytes;
      return [name, tensor];
    }),
  );
}

/** The defaults that BertConfig and the classes after it share (transformers 5). */
const BERT = {
  hidden_size: 768,
  num_hidden_layers: 12,
  num_attention_heads: 12,
  intermediate_size: 3072,
  hidden_act: 'gelu',
  max_position_embeddings: 512,
  type_vocab_size: 2,
  layer_norm_eps: 1e-12,
  is_decoder: false,
};
const ROBERTA = { ...BERT, pad_token_id: 1 };
const DISTILBERT = {
  vocab_size: 30522,
  max_position_embeddings: 512,
  n_layers: 6,
  n_heads: 12,
  dim: 768,
  hidden_dim: 3072,
  activation: 'gelu',
};

test.each([
  ['bert', 'BertModel', { ...BERT, vocab_size: 30522 }, bertTensors(30522)],
  ['roberta', 'RobertaModel', { ...ROBERTA, vocab_size: 50265 }, bertTensors(50265)],
  ['xlm-roberta', 'XLMRobertaModel', { ...ROBERTA, vocab_size: 30522 }, bertTensors(30522)],
  ['camembert', 'CamembertModel', { ...ROBERTA, vocab_size: 30522 }, bertTensors(30522)],
  ['distilbert', 'DistilBertModel', DISTILBERT, distilbertTensors()],
])(
  'a config of %s that says nothing is one that says every default of its class',
  (type, className, stated, shapes) => {
    const tensors = stored(shapes);
    const silent = { model_type: type, architectures: [className] };
    const graph = buildGraph({ config: silent, tensors, registry });
    expect(graph).toEqual(buildGraph({ config: { ...silent, ...stated }, tensors, registry }));
    for (const key of ['num_attention_heads', 'n_heads'].filter((name) => name in stated)) {
      expect(graph).not.toEqual(buildGraph({ config: { ...silent, [key]: 6 }, tensors, registry }));
    }
  },
);

test("DistilBERT's config is read by BERT's names too, as its class does", () => {
  const tensors = stored(distilbertTensors());
  const config = { model_type: 'distilbert', architectures: ['DistilBertModel'] };
  const own = buildGraph({ config: { ...config, dim: 768, n_heads: 6, n_layers: 3 }, tensors, registry });
  const named = { ...config, hidden_size: 768, num_attention_heads: 6, num_hidden_layers: 3 };
  expect(buildGraph({ config: named, tensors, registry })).toEqual(own);
});

test('a config without model_type is known by its class', () => {
  const tensors = stored(distilbertTensors());
  const graph = buildGraph({ config: { architectures: ['DistilBertModel'] }, tensors, registry });
  const typed = { model_type: 'distilbert', architectures: ['DistilBertModel'] };
  expect(graph).toEqual(buildGraph({ config: typed, tensors, registry }));
});
