/** @throws Error where the value is no string. */
export function asText(value: unknown, role: string): string {
  if (typeof value === 'string') return value;
  throw new Error(`"${role}" is ${describe(value)} where a text is needed`);
}

/** @throws Error where the value is no list. */
export function asList(value: unknown, role: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw new Error(`"${role}" is ${describe(value)} where a list is needed`);
}

/** A label's name, or its position. @throws Error where the value can be neither. */
export function asLabel(value: unknown, role: string): string | number {
  if (typeof value === 'string' && value !== '') return value;
  if (typeof value === 'boolean') return Number(value);
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0) return value;
  throw new Error(`"${role}" is ${describe(value)} where a label (a name, or an integer from 0) is needed`);
}

function describe(value: unknown): string {
  if (value === undefined) return 'missing';
  if (value === null) return 'null';
  const text = JSON.stringify(value) ?? typeof value;
  return text.length > 40 ? `${text.slice(0, 40)}...` : text;
}
