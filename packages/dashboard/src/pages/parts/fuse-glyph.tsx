import type { StateLook } from '../text/state-words.ts';
import { strandClass } from './strand.ts';

const WIDTH = 64;
const HEIGHT = 34;
const MOST_STRANDS = 6;

/** A merge in small: a strand for each model, and what becomes of them. An ornament; what it shows stands beside it. */
export function FuseGlyph({ models, look }: { models: number; look: StateLook }) {
  const count = Math.min(MOST_STRANDS, Math.max(2, models));
  const gap = Math.min(9, (HEIGHT - 6) / (count - 1));
  const middle = HEIGHT / 2;
  const strands = Array.from({ length: count }, (_, index) => middle + (index - (count - 1) / 2) * gap);
  return (
    <svg class={`glyph ${look}`} viewBox={`0 0 ${WIDTH} ${HEIGHT}`} aria-hidden="true">
      {strands.map((y, index) => (
        <path key={y} class={strandClass(index)} d={`M2 ${y}H12C26 ${y} 24 ${middle} 38 ${middle}`} />
      ))}
      <path class="result" d={`M38 ${middle}H${WIDTH - 3}`} />
    </svg>
  );
}
