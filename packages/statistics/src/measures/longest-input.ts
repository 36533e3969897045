/** Where nothing else is said, as for scoring. */
const USUAL_LENGTH = 512;

/** The most tokens of an example: what is asked for, or usual, unless the model has fewer positions. */
export function longestInput(config: Readonly<Record<string, unknown>>, maxLength = USUAL_LENGTH): number {
  const { max_position_embeddings: positions } = config;
  return typeof positions === 'number' && positions > 0 ? Math.min(maxLength, positions) : maxLength;
}
