import type { Field } from './fields.ts';
import type { ReadContext } from './read-context.ts';
import { readReference } from './read-models.ts';

const TEMPLATES = ['auto', 'alpaca', 'chatml', 'exaone', 'llama3', 'mistral'];

/** `tokenizer`, `tokenizer_source` and `chat_template`, checked for everything that the recipe alone decides. */
export function checkTokenizer(root: Field, context: ReadContext): void {
  const [legacy, tokenizer, template] = ['tokenizer_source', 'tokenizer', 'chat_template'].map((key) => root.get(key));
  if (legacy !== undefined && tokenizer !== undefined) {
    context.findings.add(
      { path: 'tokenizer_source / tokenizer', position: legacy.keyPosition },
      {
        code: 'recipe/contradiction',
        message: '`tokenizer_source` and `tokenizer` say the same thing twice',
        hint: 'use one of the two',
      },
    );
  }
  if (legacy !== undefined) checkSource(legacy, context);
  if (tokenizer !== undefined) checkTokenizerBlock(tokenizer, context);
  if (template !== undefined) checkTemplate(template);
}

function checkTokenizerBlock(field: Field, context: ReadContext): void {
  if (!field.expectMapping(['source', 'tokens', 'pad_to_multiple_of'])) return;
  const source = field.get('source');
  if (source !== undefined) checkSource(source, context);
  field.get('pad_to_multiple_of')?.integer({ minimum: 1 });
  const tokens = field.get('tokens');
  if (tokens === undefined) return;
  if (tokens.node.kind !== 'mapping') {
    tokens.reportType('a mapping of tokens');
    return;
  }
  for (const token of tokens.keys) checkToken(tokens.get(token), context);
}

function checkSource(field: Field, context: ReadContext): void {
  const { node } = field;
  if (node.kind === 'scalar' && (node.text === 'union' || node.text === 'base')) return;
  readReference(field, context);
}

function checkToken(field: Field | undefined, context: ReadContext): void {
  if (field === undefined || !field.expectMapping(['source', 'force'])) return;
  field.get('force')?.boolean();
  const source = field.get('source');
  if (source === undefined) return;
  if (source.node.kind !== 'mapping' || source.get('kind') === undefined) {
    readReference(source, context);
    return;
  }
  if (!source.expectMapping(['kind', 'model', 'token', 'token_id'])) return;
  const kind = source.get('kind')?.choice(['zero', 'model_token'] as const);
  if (kind !== 'model_token') return;
  const model = source.get('model');
  if (model === undefined) source.reportMissing('a `model_token` needs a `model`');
  else readReference(model, context);
  source.get('token_id')?.integer({ minimum: 0 });
  if ((source.get('token') === undefined) === (source.get('token_id') === undefined)) {
    source.report({
      code: 'recipe/contradiction',
      message: 'a row is named by `token` or by `token_id`',
      hint: 'exactly one of token and token_id',
    });
  }
}

function checkTemplate(field: Field): void {
  const text = field.text('the name of a chat template or its text');
  if (text === undefined || TEMPLATES.includes(text) || (text.length >= 20 && text.includes('{'))) return;
  field.report({
    code: 'recipe/unknown-value',
    message: `chat_template "${text}" is neither a known name nor a Jinja template`,
    hint: `known: ${TEMPLATES.join(', ')}`,
  });
}
