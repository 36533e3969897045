import type { GateReport } from '../api/types.ts';
import { percent, points } from '../text/units.ts';
import { sentence } from './problem-notice.tsx';

/** A difference of two scores on the same examples with its paired 95 % interval. Fractions. */
interface Difference {
  left: string;
  right: string;
  value: number;
  low: number;
  high: number;
}

type Comparison = GateReport['comparisons'][number] & { difference?: Difference };

/** The condition for publishing with the figures that decided it. */
export function GatePanel({ gate }: { gate: GateReport }) {
  return (
    <section class="panel" aria-labelledby="gate-title">
      <header>
        <h2 id="gate-title">Gate</h2>
        <span class={`tag ${gate.met ? 'good' : 'warn'}`}>{gate.met ? 'met' : 'not met'}</span>
      </header>
      <div class="gate">
        <code class="condition">publish if {gate.condition}</code>
        <ul>
          {gate.comparisons.map((comparison: Comparison) => (
            <li key={comparison.text}>
              <code>{comparison.text}</code>
              <span class={`tag ${comparison.met ? 'good' : 'bad'}`}>{comparison.met ? 'holds' : 'does not hold'}</span>
              <span class="figures">{figuresOf(comparison)}</span>
              {comparison.difference !== undefined && <DifferenceLine difference={comparison.difference} />}
            </li>
          ))}
        </ul>
        {gate.comparisons.length === 0 && <p class="soft">{sentence(gate.explanation)}</p>}
      </div>
    </section>
  );
}

const WIDTH = 240;
const HEIGHT = 22;
const MARGIN = 8;

/** The interval on a line on which zero is marked: whether it excludes zero is seen at once, and said. */
function DifferenceLine({ difference }: { difference: Difference }) {
  const { left, right, value, low, high } = difference;
  const reach = Math.max(Math.abs(low), Math.abs(high), 0.001) * 1.15;
  const x = (at: number) => MARGIN + ((at + reach) / (2 * reach)) * (WIDTH - 2 * MARGIN);
  const middle = HEIGHT / 2;
  return (
    <span class="figures difference-line">
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} width={WIDTH} height={HEIGHT} aria-hidden="true">
        <line class="axis" x1={MARGIN} x2={WIDTH - MARGIN} y1={middle} y2={middle} />
        <line class="zero" x1={x(0)} x2={x(0)} y1={3} y2={HEIGHT - 3} />
        <line class="interval" x1={x(low)} x2={x(high)} y1={middle} y2={middle} />
        <circle cx={x(value)} cy={middle} r={4.5} />
      </svg>
      <span>
        {left} − {right}: {points(value)} points, 95 % interval {points(low)} to {points(high)}
      </span>
    </span>
  );
}

/** `mean 81.64 > best_parent 79.10`; figures of a side that is computed stand behind it. */
function figuresOf({ left, right, operator }: Comparison): string {
  const word = String(operator) === 'better' ? 'against' : operator;
  return `${sideText(left)} ${word} ${sideText(right)}`;
}

function sideText({ text, value, figures }: Comparison['left']): string {
  const shown = value === null ? 'nothing published' : percent(value);
  const named = Object.entries(figures);
  if (named.length === 0) return shown;
  if (named.length === 1 && named[0]?.[0] === text) return `${text} ${shown}`;
  const parts = named.map(([name, part]) => `${name} ${part === null ? 'nothing published' : percent(part)}`);
  return `${shown} (${parts.join(', ')})`;
}
