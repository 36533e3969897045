import type { ScoreRow, ScoreTable } from '../../report.ts';
import { HUES } from './genealogy-chart.ts';
import { escapeHtml, percent, shortName } from './html.ts';
import { element, horizontalGrid, label, linearScale, PLOT_WIDTH, plot, ticks, tooltip } from './plot.ts';

const HEIGHT = 300;
const FRAME = { left: 62, right: PLOT_WIDTH - 12, top: 14, bottom: HEIGHT - 34 };

/** Share of a dataset's width that its bars take. */
const FILLED = 0.8;

/** Bars by dataset: every parent, the base and the merge. */
export function datasetChart(options: { table: ScoreTable; split: 'dev' | 'test'; title: string }): {
  chart: string;
  legend: string;
} {
  const { table, split, title } = options;
  const rows = barRows(table, split);
  const groups = [...table.datasets.map(({ name }) => name), 'mean'];
  const highest = Math.max(0.01, ...rows.flatMap(({ row }) => groups.map((name) => scoreOf(row, split, name) ?? 0)));
  const domain = [0, Math.min(1, highest * 1.1)] as const;
  const y = linearScale(domain, [FRAME.bottom, FRAME.top]);
  const width = (FRAME.right - FRAME.left) / groups.length;
  const bar = (width * FILLED) / rows.length;
  const bars = groups.map((group, index) => {
    const left = FRAME.left + index * width + (width * (1 - FILLED)) / 2;
    const drawn = rows.map(({ row, shade }, place) => {
      const value = scoreOf(row, split, group);
      if (value === undefined) return '';
      const box = { x: left + place * bar, y: y(value), width: Math.max(1, bar - 2), height: FRAME.bottom - y(value) };
      return element(
        'rect',
        { class: `bar ${shade}`, rx: 2, ...box },
        tooltip(`${row.name}, ${group}: ${percent(value, 2)}`),
      );
    });
    const name = { class: group === 'mean' ? 'name strong' : 'name', 'text-anchor': 'middle' };
    return drawn.join('') + label(left + (width * FILLED) / 2, HEIGHT - 12, group, name);
  });
  const grid = horizontalGrid({
    values: ticks(domain, 5),
    y,
    left: FRAME.left,
    right: FRAME.right,
    show: (value) => percent(value, 0),
  });
  const legend = rows
    .map(({ row, shade }) => `<li><span class="swatch ${shade}"></span>${escapeHtml(shortName(row.name))}</li>`)
    .join('');
  return {
    chart: plot({ height: HEIGHT, title, content: grid + bars.join('') }),
    legend: `<ul class="legend">${legend}</ul>`,
  };
}

function barRows({ rows }: ScoreTable, split: 'dev' | 'test'): { row: ScoreRow; shade: string }[] {
  const scored = rows.filter((row) => row[split] !== undefined);
  const parents = scored.filter(({ role }) => role === 'parent');
  const shadeOf = (row: ScoreRow): string | undefined => {
    if (row.role === 'merged') return 'merged';
    if (row.role === 'parent') return `hue-${parents.indexOf(row) % HUES}`;
    return row.role === 'base' ? 'base' : undefined;
  };
  const order = ['parent', 'base', 'merged'];
  return scored
    .flatMap((row) => {
      const shade = shadeOf(row);
      return shade === undefined ? [] : [{ row, shade }];
    })
    .sort((a, b) => order.indexOf(a.row.role) - order.indexOf(b.row.role));
}

function scoreOf(row: ScoreRow, split: 'dev' | 'test', group: string): number | undefined {
  return group === 'mean' ? row[split]?.mean : row[split]?.datasets[group];
}
