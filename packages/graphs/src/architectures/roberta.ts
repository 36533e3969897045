import { activationName } from '../blocks/activation.ts';
import { type BertSizes, bertEncoder, bertSizes } from '../blocks/bert-encoder.ts';
import { embedding } from '../blocks/embedding.ts';
import { encoderOutputs, maskedLmLogits, pooledFirstToken, sequenceLogits, tokenLogits } from '../blocks/heads.ts';
import { layerNorm } from '../blocks/layer-norm.ts';
import { type Encoded, type Readout, readoutOf, Sequence } from '../blocks/sequence.ts';
import { tokenInputs, tokenTypeInput } from '../blocks/token-inputs.ts';
import { defineArchitecture } from '../define-architecture.ts';
import type { GraphBuilder, Value } from '../graph-builder.ts';
import { ModelConfig } from '../model-config.ts';
import { ElementType } from '../onnx-model.ts';

const FAMILIES = ['Roberta', 'XLMRoberta', 'Camembert'] as const;
const KINDS = ['Model', 'ForSequenceClassification', 'ForTokenClassification', 'ForMaskedLM'] as const;

/** Default `vocab_size` by model type; the three classes differ in nothing else. */
const VOCABULARY: Readonly<Record<string, number>> = { roberta: 50265, 'xlm-roberta': 30522, camembert: 30522 };

/**
 * RoBERTa, as `models/roberta/modeling_roberta.py` of transformers 5 computes it: BERT's layers with positions that
 * count from the pad id, and heads of its own. XLM-RoBERTa and CamemBERT are the same graph, and keep the prefix.
 */
export default defineArchitecture({
  name: 'roberta',
  modelTypes: Object.keys(VOCABULARY),
  classes: FAMILIES.flatMap((family) => KINDS.map((kind) => family + kind)),
  prefix: 'roberta',
  heads: ['lm_head', 'classifier', 'qa_outputs'],
  labelTensors: ['classifier.weight', 'classifier.bias', 'classifier.out_proj.weight', 'classifier.out_proj.bias'],
  legacyNames: [
    ['LayerNorm.gamma', 'LayerNorm.weight'],
    ['LayerNorm.beta', 'LayerNorm.bias'],
  ],
  tied: {
    'lm_head.decoder.weight': 'roberta.embeddings.word_embeddings.weight',
    'lm_head.decoder.bias': 'lm_head.bias',
  },
  buffers: ['.position_ids'],
  build(builder, model) {
    const sizes = bertSizes(model, { vocabulary: VOCABULARY[String(model.config.model_type)] ?? 50265 });
    const padId = new ModelConfig(model.config).integer('pad_token_id', 1, 0);
    const encoded = encode(builder, sizes, { padId, readout: readoutOf(builder, model.className) });
    switch (KINDS.find((kind) => model.className.endsWith(kind))) {
      case 'ForSequenceClassification': {
        const pooled = pooledFirstToken(builder, encoded, 'classifier.dense');
        return sequenceLogits(builder, pooled, 'classifier.out_proj', sizes.width);
      }
      case 'ForTokenClassification':
        return tokenLogits(builder, encoded, 'classifier');
      case 'ForMaskedLM':
        return maskedLmLogits(builder, encoded, {
          dense: 'lm_head.dense',
          // The head's activation is gelu whatever hidden_act is.
          activation: activationName('gelu'),
          activationModule: 'lm_head',
          norm: 'lm_head.layer_norm',
          decoder: 'lm_head.decoder',
          epsilon: sizes.epsilon,
          vocabulary: sizes.vocabulary,
        });
      default:
        return encoderOutputs(builder, encoded, { pooler: 'roberta.pooler.dense' });
    }
  },
});

function encode(builder: GraphBuilder, sizes: BertSizes, options: { padId: number; readout: Readout }): Encoded {
  const { padId, readout } = options;
  const { inputIds, attentionMask } = tokenInputs(builder);
  const sequence = new Sequence(builder, { inputIds, attentionMask });
  const { width, epsilon } = sizes;
  const embeddings = 'roberta.embeddings';
  const words = embedding(builder, inputIds, `${embeddings}.word_embeddings.weight`, {
    entries: sizes.vocabulary,
    width,
  });
  // With one type only, as in every published RoBERTa, tokenizers give no types and the graph asks for none.
  const types = embedding(
    builder,
    sizes.tokenTypes === 1 ? builder.constant('int64', [0]) : tokenTypeInput(builder),
    `${embeddings}.token_type_embeddings.weight`,
    { entries: sizes.tokenTypes, width },
  );
  const positionIds = positionsAfterPadding(builder, inputIds, padId);
  const positions = embedding(builder, positionIds, `${embeddings}.position_embeddings.weight`, {
    entries: sizes.positions,
    width,
  });
  const summed = builder.node('Add', [builder.node('Add', [words, types]), positions]);
  const embedded = layerNorm(builder, summed, `${embeddings}.LayerNorm`, { width, epsilon });
  return bertEncoder(builder, embedded, { module: 'roberta.encoder', sizes, sequence, attentionMask, readout });
}

/** Positions count from pad id + 1 over the tokens whose id is not the pad id; the others are at the pad id. */
function positionsAfterPadding(builder: GraphBuilder, inputIds: Value, padId: number): Value {
  const pad = builder.constant('int64', [padId], []);
  const isPadding = builder.node('Equal', [inputIds, pad]);
  const isToken = builder.node('Cast', [builder.node('Not', [isPadding])], { to: ElementType.int64 });
  const count = builder.node('CumSum', [isToken, builder.constant('int64', [1], [])]);
  return builder.node('Add', [builder.node('Mul', [count, isToken]), pad]);
}
