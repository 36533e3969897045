import { defineTask } from '@hubfuse/plugin';
import { asLabel, asList, asText } from '../columns.ts';

/** One label for each word of a sentence that is split into words already: that of the word's first token. */
export default defineTask<readonly string[]>({
  name: 'token-classification',
  metric: 'f1',
  columns: { tokens: 'tokens', tags: 'tags' },
  optional: [],
  labelRole: 'tags',
  autoModel: 'AutoModelForTokenClassification',
  logits: 'token',
  // Some words have no token at all (variation selectors, control characters), others do not fit: both are outside.
  unanswered: 'O',
  parse(row) {
    const words = asList(row.tokens, 'tokens').map((word) => asText(word, 'tokens'));
    const labels = asList(row.tags, 'tags').map((tag) => asLabel(tag, 'tags'));
    if (words.length !== labels.length) throw new Error(`${words.length} tokens but ${labels.length} tags`);
    return { input: words, labels };
  },
  encode(words, tokenizer) {
    return tokenizer.encodeWords(words);
  },
});
