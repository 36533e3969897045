import { type CourseEntry, generationStarts } from './course.ts';
import { percent } from './html.ts';
import {
  element,
  horizontalGrid,
  label,
  linearScale,
  PLOT_WIDTH,
  padded,
  pathThrough,
  plot,
  type Scale,
  ticks,
  tooltip,
} from './plot.ts';

const HEIGHT = 340;
const FRAME = { left: 62, right: PLOT_WIDTH - 16, top: 16, bottom: HEIGHT - 44 };

/** Development score by candidate, generations marked: the best so far, the population's mean, and every candidate. */
export function scoreChart(options: { course: readonly CourseEntry[]; start: number; title: string }): string {
  const { course, start, title } = options;
  const shown = course.flatMap(({ record, best, mean }) => [
    best,
    ...(mean === undefined ? [] : [mean]),
    ...(record.verdict.score === undefined ? [] : [record.verdict.score]),
  ]);
  const domain = padded([start, ...shown]);
  const x = linearScale([0, Math.max(1, course.length)], [FRAME.left, FRAME.right]);
  const y = linearScale(domain, [FRAME.bottom, FRAME.top]);
  const best = [[x(0), y(start)] as const, ...course.map(({ best }, index) => [x(index + 1), y(best)] as const)];
  const means = course.flatMap(({ mean }, index) => (mean === undefined ? [] : [[x(index + 1), y(mean)] as const]));
  const content = [
    generationBands(course, x),
    horizontalGrid({
      values: ticks(domain, 5),
      y,
      left: FRAME.left,
      right: FRAME.right,
      show: (value) => percent(value),
    }),
    element('line', { class: 'start', x1: FRAME.left, x2: FRAME.right, y1: y(start), y2: y(start) }),
    element('path', { class: 'area', d: `${pathThrough(best, 'steps')}V${FRAME.bottom}H${x(0)}Z` }),
    means.length === 0 ? '' : element('path', { class: 'mean', d: pathThrough(means, 'straight') }),
    element('path', { class: 'best', d: pathThrough(best, 'steps') }),
    ...course.map((entry, index) => mark(entry, x(index + 1), y)),
    label(FRAME.left - 8, HEIGHT - 10, 'generation', { class: 'tick', 'text-anchor': 'end' }),
  ].join('');
  return plot({ height: HEIGHT, title, content });
}

/** Every other generation is shaded; as many are numbered as there is room for. */
function generationBands(course: readonly CourseEntry[], x: Scale): string {
  const starts = generationStarts(course.map(({ record }) => record));
  const every = Math.max(1, Math.ceil(starts.length / 20));
  return starts
    .map(({ generation, first }, index) => {
      const from = x(first);
      const to = x(starts[index + 1]?.first ?? course.length);
      const box = { x: from, y: FRAME.top, width: to - from, height: FRAME.bottom - FRAME.top };
      const band = index % 2 === 0 ? '' : element('rect', { class: 'band', ...box });
      if (index % every !== 0) return band;
      return (
        band + label((from + to) / 2, HEIGHT - 10, String(generation + 1), { class: 'tick', 'text-anchor': 'middle' })
      );
    })
    .join('');
}

/** A candidate that was scored to the end is a point; one that was rejected before has none, and ticks at the foot. */
function mark({ record }: CourseEntry, x: number, y: Scale): string {
  const { number, accepted, verdict } = record;
  const { score, examples, total, failure } = verdict;
  const fate = accepted ? 'accepted' : 'rejected';
  const text = `candidate ${number + 1}: ${fate}${score === undefined ? '' : ` at ${percent(score, 2)}`}, ${failure ?? `${examples} of ${total} examples`}`;
  if (score === undefined) {
    const line = { class: 'early', x1: x, x2: x, y1: FRAME.bottom + 4, y2: FRAME.bottom + 12 };
    return element('line', line, tooltip(text));
  }
  return element('circle', { class: fate, cx: x, cy: y(score), r: accepted ? 5 : 3.5 }, tooltip(text));
}
