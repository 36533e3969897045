import type { TaskExample } from '@hubfuse/plugin';

/** Bytes of a file of examples that make a token, roughly. */
const BYTES_PER_TOKEN = 4;
/** Tokens of the longest input where nothing is said. */
const LONGEST_INPUT = 512;

/** About how many tokens examples have that were read. */
export function estimateTokens(examples: readonly TaskExample[]): number {
  const bytes = examples.reduce((sum, { input }) => sum + Buffer.byteLength(JSON.stringify(input)), 0);
  return Math.ceil(bytes / BYTES_PER_TOKEN);
}

/**
 * About how many tokens a file of examples holds that is not here: an upper bound where a split or a limit leaves some out.
 * @param selection.maxLength Tokens at which an input is cut.
 */
export function guessTokens(
  fileBytes: number,
  { limit, maxLength = LONGEST_INPUT }: { limit?: number | undefined; maxLength?: number | undefined },
): number {
  const all = Math.ceil(fileBytes / BYTES_PER_TOKEN);
  return limit === undefined ? all : Math.min(all, limit * maxLength);
}
