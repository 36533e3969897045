import type { GateReport } from '../api/types.ts';
import { percent } from '../text/units.ts';
import { sentence } from './problem-notice.tsx';

type Comparison = GateReport['comparisons'][number];

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
          {gate.comparisons.map((comparison) => (
            <li key={comparison.text}>
              <code>{comparison.text}</code>
              <span class={`tag ${comparison.met ? 'good' : 'bad'}`}>{comparison.met ? 'holds' : 'does not hold'}</span>
              <span class="figures">{figuresOf(comparison)}</span>
            </li>
          ))}
        </ul>
        {gate.comparisons.length === 0 && <p class="soft">{sentence(gate.explanation)}</p>}
      </div>
    </section>
  );
}

/** `mean 81.64 > best_parent 79.10`; figures of a side that is computed stand behind it. */
function figuresOf({ left, right, operator }: Comparison): string {
  return `${sideText(left)} ${operator} ${sideText(right)}`;
}

function sideText({ text, value, figures }: Comparison['left']): string {
  const shown = value === null ? 'nothing published' : percent(value);
  const named = Object.entries(figures);
  if (named.length === 0) return shown;
  if (named.length === 1 && named[0]?.[0] === text) return `${text} ${shown}`;
  const parts = named.map(([name, part]) => `${name} ${part === null ? 'nothing published' : percent(part)}`);
  return `${shown} (${parts.join(', ')})`;
}
