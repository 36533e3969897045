import type { StateWord } from '../api/types.ts';
import { describeState, lookOf } from '../text/state-words.ts';

/** Where a run stands, in a word and a colour. */
export function StateLabel({ state, unpublished }: { state: StateWord; unpublished?: boolean | undefined }) {
  const options = unpublished === undefined ? {} : { unpublished };
  return <span class={`state ${lookOf(state, options)}`}>{describeState(state, options)}</span>;
}
