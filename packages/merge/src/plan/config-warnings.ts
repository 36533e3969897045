import { isDeepStrictEqual } from 'node:util';
import type { PlacedInput } from './merge-input.ts';

/** Settings of config.json that decide what weights of one shape compute, by the names that families give them. */
const MEANINGS = [
  ...['hidden_act', 'hidden_activation', 'activation', 'activation_function', 'feed_forward_proj'],
  ...['num_attention_heads', 'num_heads', 'n_head', 'n_heads', 'num_key_value_heads', 'head_dim'],
  ...[
    'position_embedding_type',
    'rope_theta',
    'rope_scaling',
    'rope_parameters',
    'partial_rotary_factor',
    'rotary_pct',
  ],
];

/** Models whose weights fit together by shape and mean other things: their mean is a model of neither. */
export function configWarnings(inputs: readonly PlacedInput[]): string[] {
  return MEANINGS.flatMap((key) => {
    const stated = inputs.flatMap(({ config, source: { name } }) => {
      const value = config[key];
      return value === undefined || value === null ? [] : [{ name, value }];
    });
    const [first] = stated;
    const other = stated.find(({ value }) => !isDeepStrictEqual(value, first?.value));
    if (first === undefined || other === undefined) return [];
    const [one, another] = [first, other].map(({ name, value }) => `${JSON.stringify(value)} in ${name}`);
    return [`config.json: ${key} is ${one} and ${another}: weights of the one mean something else in the other`];
  });
}
