import UPlot from 'uplot';
import type { CoursePoint } from './search-course.ts';

const POINT = 5;

/** A plot that stays as wide as its place and takes the page's colours. */
export interface SearchPlot {
  update(course: readonly CoursePoint[]): void;
  destroy(): void;
}

/** Draws the course of a search: best and mean as lines, candidates as dots. */
export function drawSearchPlot(place: HTMLElement, course: readonly CoursePoint[]): SearchPlot {
  let current = course;
  let plot = new UPlot(optionsFor(place), dataOf(course), place);
  const redraw = () => {
    plot.destroy();
    plot = new UPlot(optionsFor(place), dataOf(current), place);
  };
  const sizes = new ResizeObserver(() => {
    if (place.clientWidth > 0 && place.clientWidth !== plot.width) {
      plot.setSize({ width: place.clientWidth, height: place.clientHeight });
    }
  });
  sizes.observe(place);
  const scheme = matchMedia('(prefers-color-scheme: dark)');
  scheme.addEventListener('change', redraw);
  const theme = new MutationObserver(redraw);
  theme.observe(document.documentElement, { attributeFilter: ['data-theme'] });
  return {
    update(next) {
      current = next;
      plot.setData(dataOf(next));
    },
    destroy() {
      sizes.disconnect();
      theme.disconnect();
      scheme.removeEventListener('change', redraw);
      plot.destroy();
    },
  };
}

function dataOf(course: readonly CoursePoint[]): UPlot.AlignedData {
  const percent = (value: number | undefined) => (value === undefined ? null : 100 * value);
  return [
    course.map(({ candidate }) => candidate),
    course.map(({ score, accepted }) => (accepted ? null : percent(score))),
    course.map(({ score, accepted }) => (accepted ? percent(score) : null)),
    course.map(({ mean }) => percent(mean)),
    course.map(({ best }) => percent(best)),
  ];
}

/** A canvas takes no variables: gives each as the colour that it is in the scheme of now. */
function colourReader(place: HTMLElement): (name: string) => string {
  return (name) => {
    const probe = document.createElement('span');
    probe.style.color = `var(${name})`;
    place.append(probe);
    const { color } = getComputedStyle(probe);
    probe.remove();
    return color;
  };
}

function optionsFor(place: HTMLElement): UPlot.Options {
  const colour = colourReader(place);
  const axis: UPlot.Axis = {
    stroke: colour('--ink-soft'),
    font: '12.5px "Geist Sans", sans-serif',
    labelFont: '12.5px "Geist Sans", sans-serif',
    labelSize: 22,
    grid: { stroke: colour('--line'), width: 1 },
    ticks: { show: false },
  };
  const dots = (label: string, paint: string): UPlot.Series => ({
    label,
    stroke: paint,
    paths: () => null,
    points: { show: true, size: POINT, fill: paint, stroke: paint },
    value: (_, value) => format(value),
  });
  return {
    width: Math.max(200, place.clientWidth),
    height: place.clientHeight,
    legend: { show: false },
    cursor: { y: false, points: { size: 7 } },
    scales: { x: { time: false }, y: { range: (_, low, high) => padded(low, high) } },
    axes: [
      { ...axis, label: 'Candidates', size: 34 },
      { ...axis, label: 'Development score in percent', size: 48 },
    ],
    series: [
      { label: 'Candidate' },
      dots('Rejected', colour('--strand-0')),
      dots('Accepted', colour('--strand-1')),
      {
        label: 'Mean',
        stroke: colour('--strand-2'),
        width: 1.5,
        points: { show: false },
        value: (_, value) => format(value),
      },
      {
        label: 'Best',
        stroke: colour('--ember-bright'),
        width: 2.5,
        points: { show: false },
        value: (_, value) => format(value),
      },
    ],
  };
}

function padded(low: number | null, high: number | null): [number, number] {
  if (low === null || high === null) return [0, 100];
  const room = Math.max(0.5, (high - low) * 0.08);
  return [Math.max(0, low - room), Math.min(100, high + room)];
}

function format(value: number | null): string {
  return value === null ? '–' : value.toFixed(2);
}
