import type { CandidateRecord, Dimension } from '@hubfuse/evolve';
import { element, label, linearScale, PLOT_WIDTH, padded, pathThrough, plot, ticks, tooltip } from './plot.ts';

const ROW = 72;
const LEFT = 210;
const RIGHT = PLOT_WIDTH - 90;

/** One strip for each coefficient: the value that every candidate had, and the line of the best so far. */
export function coefficientChart(options: {
  coefficients: readonly (Pick<Dimension, 'name' | 'start'> & { value: number })[];
  candidates: readonly CandidateRecord[];
  title: string;
}): string {
  const { coefficients, candidates, title } = options;
  const x = linearScale([0, Math.max(1, candidates.length)], [LEFT, RIGHT]);
  const strips = coefficients.map(({ name, start, value }, dimension) => {
    const top = dimension * ROW;
    const values = candidates.map(({ point }) => point?.[dimension] ?? Number.NaN);
    const domain = padded([start, value, ...values], 0.1);
    const y = linearScale(domain, [top + ROW - 12, top + 10]);
    let best = start;
    const line = candidates.map(({ accepted, point }, index) => {
      if (accepted) best = point?.[dimension] ?? best;
      return [x(index + 1), y(best)] as const;
    });
    return [
      dimension % 2 === 0 ? '' : element('rect', { class: 'band', x: 0, y: top, width: PLOT_WIDTH, height: ROW }),
      label(8, top + ROW / 2 + 4, name.length <= 28 ? name : `${name.slice(0, 27)}…`, { class: 'name' }),
      ...ticks(domain, 2).map((tick) =>
        label(LEFT - 8, y(tick) + 4, String(tick), { class: 'tick', 'text-anchor': 'end' }),
      ),
      element('line', { class: 'start', x1: LEFT, x2: RIGHT, y1: y(start), y2: y(start) }),
      ...candidates.map(({ accepted, number }, index) => {
        const tried = values[index] ?? Number.NaN;
        const attributes = {
          class: accepted ? 'accepted' : 'rejected',
          cx: x(index + 1),
          cy: y(tried),
          r: accepted ? 4 : 2.5,
        };
        return element('circle', attributes, tooltip(`candidate ${number + 1}: ${tried}`));
      }),
      element('path', { class: 'best', d: pathThrough([[x(0), y(start)], ...line], 'steps') }),
      label(RIGHT + 12, y(value) + 5, String(Number(value.toPrecision(4))), { class: 'value' }),
    ].join('');
  });
  return plot({ height: ROW * coefficients.length, title, content: strips.join('') });
}
