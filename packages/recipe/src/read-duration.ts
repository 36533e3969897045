import type { Field } from './fields.ts';

const UNIT_SECONDS: Readonly<Record<string, number>> = { d: 86_400, h: 3_600, m: 60, s: 1 };

/** A span of time above zero in seconds: `90` (seconds), `90s`, `30m`, `1h30m`, `1.5 h`. */
export function readDuration(field: Field): number | undefined {
  const text = field.text('a span of time such as 30m')?.trim().toLowerCase().replaceAll(' ', '');
  if (text === undefined) return undefined;
  const seconds = /^(\d+\.?\d*|\.\d+)$/.test(text) ? Number(text) : secondsOf(text);
  if (seconds === undefined) return field.reportType('a span of time such as 90s, 30m or 1h30m');
  if (seconds > 0) return seconds;
  const name = field.path.split('.').at(-1) ?? '';
  return field.report({ code: 'recipe/out-of-range', message: `${name} is ${field.shown}, and must be above 0` });
}

function secondsOf(text: string): number | undefined {
  if (!/^((\d+\.?\d*|\.\d+)[dhms])+$/.test(text)) return undefined;
  return [...text.matchAll(/([\d.]+)([dhms])/g)].reduce(
    (sum, [, amount, unit]) => sum + Number(amount) * (UNIT_SECONDS[unit ?? ''] ?? Number.NaN),
    0,
  );
}
