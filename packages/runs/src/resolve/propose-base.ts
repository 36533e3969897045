import type { BaseProposal } from '@hubfuse/recipe';

/**
 * The base that the most of the models' cards name as what they were fine-tuned from; undefined where none names any.
 * Of two that equally many name, the one named first.
 */
export function proposeBase(
  cards: readonly { name: string; baseModels: readonly string[] }[],
): BaseProposal | undefined {
  const namedBy = new Map<string, string[]>();
  for (const { name, baseModels } of cards) {
    for (const base of new Set(baseModels)) namedBy.set(base, [...(namedBy.get(base) ?? []), name]);
  }
  const [first] = [...namedBy].sort(([, a], [, b]) => b.length - a.length);
  return first === undefined ? undefined : { base: first[0], namedBy: first[1] };
}
