import { escapeHtml } from './html.ts';

/** Width of every plot in units of its view box; the page scales it to the column. */
export const PLOT_WIDTH = 920;

/** Maps a range of values to a range of pixels. */
export type Scale = (value: number) => number;

export function linearScale(domain: readonly [number, number], range: readonly [number, number]): Scale {
  const [low, high] = domain;
  const extent = high - low || 1;
  return (value) => range[0] + ((value - low) / extent) * (range[1] - range[0]);
}

/** Round values inside a range, about `wanted` of them: steps of 1, 2 or 5 times a power of ten. */
export function ticks([low, high]: readonly [number, number], wanted: number): number[] {
  const rough = (high - low) / Math.max(1, wanted);
  if (!(rough > 0)) return [low];
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10) * power;
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) =>
    Number(((first + index) * step).toPrecision(12)),
  );
}

/** A range with some air around it; a single value gets a range of its own. */
export function padded(values: readonly number[], share = 0.08): readonly [number, number] {
  const known = values.filter(Number.isFinite);
  const [low, high] = [Math.min(...known), Math.max(...known)];
  if (known.length === 0) return [0, 1];
  const air = (high - low || Math.abs(high) || 1) * share;
  return [low - air, high + air];
}

type Attributes = Readonly<Record<string, string | number | undefined>>;

/** An SVG element; `content` is markup. */
export function element(name: string, attributes: Attributes, content = ''): string {
  const written = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key}="${escapeHtml(typeof value === 'number' ? rounded(value) : String(value))}"`)
    .join('');
  return content === '' ? `<${name}${written}/>` : `<${name}${written}>${content}</${name}>`;
}

export function label(x: number, y: number, text: string, attributes: Attributes = {}): string {
  return element('text', { x, y, ...attributes }, escapeHtml(text));
}

/** What a browser shows while the pointer rests on the element that holds it. */
export function tooltip(text: string): string {
  return `<title>${escapeHtml(text)}</title>`;
}

export function plot(options: { height: number; title: string; content: string }): string {
  const { height, title, content } = options;
  const attributes = { viewBox: `0 0 ${PLOT_WIDTH} ${rounded(height)}`, role: 'img', 'aria-label': title };
  return element('svg', attributes, content);
}

/** Horizontal lines with their values at the left. */
export function horizontalGrid(options: {
  values: readonly number[];
  y: Scale;
  left: number;
  right: number;
  show(value: number): string;
}): string {
  const { values, y, left, right, show } = options;
  return values
    .map((value) => {
      const line = element('line', { class: 'grid', x1: left, x2: right, y1: y(value), y2: y(value) });
      return line + label(left - 8, y(value) + 4, show(value), { class: 'tick', 'text-anchor': 'end' });
    })
    .join('');
}

/** A path through points; `steps` holds each value until the next. */
export function pathThrough(points: readonly (readonly [number, number])[], shape: 'straight' | 'steps'): string {
  return points
    .map(([x, y], index) => {
      if (index === 0) return `M${rounded(x)} ${rounded(y)}`;
      return shape === 'steps' ? `H${rounded(x)}V${rounded(y)}` : `L${rounded(x)} ${rounded(y)}`;
    })
    .join('');
}

export function rounded(value: number): string {
  return String(Math.round(value * 100) / 100);
}
