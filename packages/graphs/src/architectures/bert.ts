import { type BertSizes, bertEncoder, bertSizes } from '../blocks/bert-encoder.ts';
import { embedding, firstPositions } from '../blocks/embedding.ts';
import { encoderOutputs, maskedLmLogits, pooledFirstToken, sequenceLogits, tokenLogits } from '../blocks/heads.ts';
import { layerNorm } from '../blocks/layer-norm.ts';
import { type Encoded, type Readout, readoutOf, Sequence } from '../blocks/sequence.ts';
import { tokenInputs, tokenTypeInput } from '../blocks/token-inputs.ts';
import { defineArchitecture } from '../define-architecture.ts';
import type { GraphBuilder } from '../graph-builder.ts';

/** BERT, as `models/bert/modeling_bert.py` of transformers 5 computes it. */
export default defineArchitecture({
  name: 'bert',
  modelTypes: ['bert'],
  classes: ['BertModel', 'BertForSequenceClassification', 'BertForTokenClassification', 'BertForMaskedLM'],
  prefix: 'bert',
  heads: ['cls', 'classifier', 'qa_outputs'],
  labelTensors: ['classifier.weight', 'classifier.bias'],
  legacyNames: [
    ['LayerNorm.gamma', 'LayerNorm.weight'],
    ['LayerNorm.beta', 'LayerNorm.bias'],
  ],
  tied: {
    'cls.predictions.decoder.weight': 'bert.embeddings.word_embeddings.weight',
    'cls.predictions.decoder.bias': 'cls.predictions.bias',
  },
  buffers: ['.position_ids'],
  build(builder, model) {
    const sizes = bertSizes(model, { vocabulary: 30522 });
    const encoded = encode(builder, sizes, readoutOf(builder, model.className));
    switch (model.className) {
      case 'BertForSequenceClassification': {
        const pooled = pooledFirstToken(builder, encoded, 'bert.pooler.dense');
        return sequenceLogits(builder, pooled, 'classifier', sizes.width);
      }
      case 'BertForTokenClassification':
        return tokenLogits(builder, encoded, 'classifier');
      case 'BertForMaskedLM':
        return maskedLmLogits(builder, encoded, {
          dense: 'cls.predictions.transform.dense',
          activation: sizes.activation,
          activationModule: 'cls.predictions.transform.transform_act_fn',
          norm: 'cls.predictions.transform.LayerNorm',
          decoder: 'cls.predictions.decoder',
          epsilon: sizes.epsilon,
          vocabulary: sizes.vocabulary,
        });
      default:
        return encoderOutputs(builder, encoded, { pooler: 'bert.pooler.dense' });
    }
  },
});

function encode(builder: GraphBuilder, sizes: BertSizes, readout: Readout): Encoded {
  const { inputIds, attentionMask } = tokenInputs(builder);
  const sequence = new Sequence(builder, { inputIds, attentionMask });
  const { width, epsilon } = sizes;
  const embeddings = 'bert.embeddings';
  const words = embedding(builder, inputIds, `${embeddings}.word_embeddings.weight`, {
    entries: sizes.vocabulary,
    width,
  });
  const types = embedding(builder, tokenTypeInput(builder), `${embeddings}.token_type_embeddings.weight`, {
    entries: sizes.tokenTypes,
    width,
  });
  const positions = firstPositions(builder, sequence.length(), `${embeddings}.position_embeddings.weight`, {
    entries: sizes.positions,
    width,
  });
  const summed = builder.node('Add', [builder.node('Add', [words, types]), positions]);
  const embedded = layerNorm(builder, summed, `${embeddings}.LayerNorm`, { width, epsilon });
  return bertEncoder(builder, embedded, { module: 'bert.encoder', sizes, sequence, attentionMask, readout });
}
