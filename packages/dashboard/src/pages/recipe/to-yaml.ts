/** Plain data that a recipe is made of. */
export type Plain = string | number | boolean | null | readonly Plain[] | { readonly [key: string]: Plain | undefined };

/** Writes plain data as YAML, as a person would; what is undefined is left out. */
export function toYaml(value: Plain): string {
  return `${block(value, '').replace(/^\n/, '')}\n`;
}

/** The value behind `key:` or `-`: on the same line, or on lines of their own below it. */
function block(value: Plain, indent: string): string {
  if (Array.isArray(value)) {
    const list = value as readonly Plain[];
    if (list.length === 0) return ' []';
    return list.map((entry) => `\n${indent}-${inItem(entry, `${indent}  `)}`).join('');
  }
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).filter(([, one]) => one !== undefined) as [string, Plain][];
    if (entries.length === 0) return ' {}';
    return entries.map(([key, one]) => `\n${indent}${scalar(key)}:${block(one, `${indent}  `)}`).join('');
  }
  return ` ${scalar(value as string | number | boolean | null)}`;
}

/** A mapping in a list begins behind its dash. */
function inItem(value: Plain, indent: string): string {
  return block(value, indent).replace(/^\n\s*/, ' ');
}

/** Text that YAML 1.1 or 1.2 would read as something else, or that begins or contains what means something, is quoted. */
function scalar(value: string | number | boolean | null): string {
  if (typeof value !== 'string') return String(value);
  const plain = /^[A-Za-z0-9_./][A-Za-z0-9_./ @:<>=()+*%-]*$/.test(value) && !/: |:$| #|\s$/.test(value);
  const other = /^(?:true|false|yes|no|on|off|y|n|null|~|[-+.]?(?:\d|inf|nan).*)$/i.test(value);
  return plain && !other ? value : JSON.stringify(value);
}
