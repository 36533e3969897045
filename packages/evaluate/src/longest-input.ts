type Settings = Readonly<Record<string, unknown>>;

/** Longest input where nothing is said: what encoders of the BERT kind are trained for. */
const USUAL_LENGTH = 512;

/** Families whose first position is that of the padding token plus one, so that fewer tokens fit than positions. */
const SHIFTED_POSITIONS = new Set(['roberta', 'xlm-roberta', 'xlm-roberta-xl', 'camembert', 'mpnet', 'longformer']);

/**
 * The most tokens of an example.
 * @param options.tokenizerConfig what it states is kept to; absent: only the model's positions are
 * @param options.wanted default: 512
 */
export function longestInput(options: {
  config: Settings;
  tokenizerConfig?: Settings | undefined;
  wanted?: number | undefined;
}): number {
  const { config, tokenizerConfig = {}, wanted = USUAL_LENGTH } = options;
  const stated = tokenizerConfig.model_max_length;
  const positions = config.max_position_embeddings;
  const padding = typeof config.pad_token_id === 'number' ? config.pad_token_id : 1;
  const shift = SHIFTED_POSITIONS.has(String(config.model_type)) ? padding + 1 : 0;
  return Math.min(
    wanted,
    typeof stated === 'number' && stated > 0 ? stated : Number.POSITIVE_INFINITY,
    typeof positions === 'number' && positions > 0 ? positions - shift : Number.POSITIVE_INFINITY,
  );
}
