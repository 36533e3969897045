import type { CandidateRecord } from '@hubfuse/evolve';
import { percent, shortName } from './html.ts';
import { element, label, linearScale, PLOT_WIDTH, plot, rounded, tooltip } from './plot.ts';

const LANE = 54;
const TOP = 24;
const LEFT = 150;
const RIGHT = PLOT_WIDTH - 28;

/**
 * The descent of the population: a line for each individual from left to right, a point for each offspring that took its
 * parent's place, and a curve from every model that it took values from.
 */
export function genealogyChart(options: {
  models: readonly string[];
  candidates: readonly CandidateRecord[];
  /** Position of the individual that is the result; absent where the whole population is merged. */
  individual?: number | undefined;
  title: string;
}): string {
  const { models, candidates, individual, title } = options;
  const height = TOP + LANE * models.length;
  const x = linearScale([0, Math.max(1, candidates.length)], [LEFT + 24, RIGHT]);
  const lane = (index: number) => TOP + LANE * (index + 0.5);
  const accepted = candidates.filter((record) => record.accepted);
  const lanes = models.map((name, index) => {
    const chosen = individual === undefined || individual === index;
    const line = { class: `lane hue-${index % HUES}${chosen ? ' chosen' : ''}`, x1: LEFT + 24, x2: RIGHT };
    return [
      element('line', { ...line, y1: lane(index), y2: lane(index) }),
      element('circle', { class: `origin hue-${index % HUES}`, cx: LEFT + 24, cy: lane(index), r: 6 }, tooltip(name)),
      label(LEFT + 6, lane(index) + 4, shortened(shortName(name)), { class: 'name', 'text-anchor': 'end' }),
      chosen
        ? element(
            'circle',
            { class: `result hue-${index % HUES}`, cx: RIGHT, cy: lane(index), r: 8 },
            tooltip('in the result'),
          )
        : '',
    ].join('');
  });
  const curves = accepted.flatMap(({ number, step }) =>
    (step?.references ?? []).map((reference) => {
      const to = { x: x(number + 1), y: lane(step?.individual ?? 0) };
      const from = { x: Math.max(LEFT + 24, to.x - BEND), y: lane(reference) };
      const middle = rounded((from.x + to.x) / 2);
      const d = `M${rounded(from.x)} ${rounded(from.y)}C${middle} ${rounded(from.y)} ${middle} ${rounded(to.y)} ${rounded(to.x)} ${rounded(to.y)}`;
      return element('path', { class: `descent hue-${reference % HUES}`, d });
    }),
  );
  const points = accepted.map((record) => {
    const { number, step, verdict, generation } = record;
    const from = step?.references.map((index) => shortName(models[index] ?? '')).join(' and ') ?? '';
    const score = verdict.score === undefined ? '' : `: ${percent(verdict.score, 2)}`;
    const text = `generation ${generation + 1}, candidate ${number + 1}, with ${from}${score}`;
    const index = step?.individual ?? 0;
    return element(
      'circle',
      { class: `offspring hue-${index % HUES}`, cx: x(number + 1), cy: lane(index), r: 6 },
      tooltip(text),
    );
  });
  return plot({ height, title, content: [...lanes, ...curves, ...points].join('') });
}

/** Colours of models; further ones begin again. */
export const HUES = 8;

/** How far before an offspring its curves leave the other lines. */
const BEND = 46;

function shortened(name: string): string {
  return name.length <= 20 ? name : `${name.slice(0, 19)}…`;
}
