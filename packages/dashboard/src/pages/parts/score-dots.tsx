import type { ScoreTable } from '../api/types.ts';
import { ownerOf, type Split, signOf } from './score-owner.ts';
import { strandClass } from './strand.ts';

const WIDTH = 760;
const LEFT = 170;
const RIGHT = 30;
const LINE = 34;
const BOTTOM = 26;
/** Longest name of a dataset that fits before the lines. */
const MOST_LETTERS = 20;

/** A line for each dataset with a dot for each model on it. The table below says the same in figures. */
export function ScoreDots({ table, split }: { table: ScoreTable; split: Split }) {
  const datasets = table.datasets.filter(({ examples }) => examples[split] !== undefined);
  const rows = table.rows.filter((row) => row[split] !== undefined);
  const lines = [
    ...datasets.map(({ name }) => ({ title: name, of: (row: (typeof rows)[number]) => row[split]?.datasets[name] })),
    ...(datasets.length > 1 ? [{ title: 'Mean', of: (row: (typeof rows)[number]) => row[split]?.mean }] : []),
  ];
  const values = lines.flatMap(({ of }) => rows.map(of)).filter((value) => value !== undefined);
  if (values.length === 0) return null;
  const { low, high, ticks } = scaleOf(values);
  const x = (value: number) => LEFT + ((value - low) / (high - low)) * (WIDTH - LEFT - RIGHT);
  const height = lines.length * LINE + BOTTOM;
  return (
    <svg class="plot-dots" viewBox={`0 0 ${WIDTH} ${height}`} aria-hidden="true">
      {ticks.map((tick) => (
        <g key={tick}>
          <line class="axis" x1={x(tick)} x2={x(tick)} y1={4} y2={height - BOTTOM} />
          <text x={x(tick)} y={height - 8} text-anchor="middle">
            {Math.round(tick * 1000) / 10}
          </text>
        </g>
      ))}
      {lines.map(({ title, of }, index) => {
        const y = (index + 0.5) * LINE;
        const own = rows.map(of).filter((value) => value !== undefined);
        return (
          <g key={title}>
            <text class="label" x={0} y={y + 5}>
              {title.length > MOST_LETTERS ? `${title.slice(0, MOST_LETTERS - 1)}…` : title}
            </text>
            <line class="span" x1={x(Math.min(...own))} x2={x(Math.max(...own))} y1={y} y2={y} />
            {rows.toReversed().map((row) => {
              const value = of(row);
              if (value === undefined) return null;
              const owner = ownerOf(row, rows);
              const sign = signOf(row);
              if (owner === 'result' && sign === 'dot') {
                const [cx, half] = [x(value), 6];
                return (
                  <rect
                    key={row.name}
                    class="mark"
                    x={cx - half}
                    y={y - half}
                    width={2 * half}
                    height={2 * half}
                    transform={`rotate(45 ${cx} ${y})`}
                  />
                );
              }
              const mark = `${strandClass(owner)} ${sign}`;
              const key = `${row.role}${row.name}`;
              if (sign === 'square') {
                return <rect key={key} class={mark} x={x(value) - 5} y={y - 5} width={10} height={10} />;
              }
              return <circle key={key} class={mark} cx={x(value)} cy={y} r={sign === 'ring' ? 5 : 6} />;
            })}
          </g>
        );
      })}
    </svg>
  );
}

/** An axis around the values with some round ticks. */
function scaleOf(values: readonly number[]): { low: number; high: number; ticks: number[] } {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const span = Math.max(most - least, 0.02);
  const step = [0.005, 0.01, 0.02, 0.05, 0.1, 0.2].find((one) => span / one <= 6) ?? 0.25;
  const low = Math.max(0, Math.floor((least - span * 0.04) / step) * step);
  const high = Math.min(1, Math.ceil((most + span * 0.04) / step) * step);
  const count = Math.round((high - low) / step);
  return { low, high, ticks: Array.from({ length: count + 1 }, (_, index) => low + index * step) };
}
