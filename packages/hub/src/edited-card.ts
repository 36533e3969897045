import { createHash } from 'node:crypto';
import type { PublishTarget, TargetState } from './publish-target.ts';
import { readFile } from './rollback/restoring-commit.ts';
import type { Transport } from './transport.ts';

/** The model card's file. */
export const CARD_FILE = 'README.md';

export function sha256(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

/**
 * Whether somebody edited the card of a publication of ours: then it must not be replaced by another unasked. A manifest that
 * does not say what its card was says nothing of edits either.
 * @param card what is about to stand there instead; undefined: nothing is
 */
export async function isCardEdited(input: {
  target: PublishTarget;
  state: TargetState;
  card: string | undefined;
  transport: Transport;
}): Promise<boolean> {
  const { target, state, card, transport } = input;
  const written = state.manifest?.cardSha256;
  const there = state.files.some(({ path }) => path === CARD_FILE);
  if (card === undefined || written === undefined || !there) return false;
  const present = await readFile({ address: target.address, revision: state.head, path: CARD_FILE, transport });
  return ![written, sha256(card)].includes(sha256(present));
}
