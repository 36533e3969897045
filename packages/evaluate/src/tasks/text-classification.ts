import { defineTask } from '@hubfuse/plugin';
import { asLabel, asText } from '../columns.ts';

interface Texts {
  text: string;
  pair?: string;
}

/** One label for a text, or for a pair of texts. */
export default defineTask<Texts>({
  name: 'text-classification',
  metric: 'accuracy',
  columns: { text: 'text', text_pair: 'text_pair', label: 'label' },
  optional: ['text_pair'],
  labelRole: 'label',
  autoModel: 'AutoModelForSequenceClassification',
  logits: 'sequence',
  parse(row) {
    const text = asText(row.text, 'text');
    const input = row.text_pair === undefined ? { text } : { text, pair: asText(row.text_pair, 'text_pair') };
    return { input, labels: [asLabel(row.label, 'label')] };
  },
  encode({ text, pair }, tokenizer) {
    return { ...tokenizer.encodeText(text, pair), positions: [0] };
  },
});
