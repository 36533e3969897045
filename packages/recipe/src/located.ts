import type { Position } from './recipe.ts';

/** A value of a recipe with its place in the text. Types are decided by who reads it, so scalars keep their spelling. */
export type Located = LocatedScalar | LocatedSequence | LocatedMapping;

interface LocatedBase {
  position: Position;
  /** Values in it, itself included, aliases written out. */
  size: number;
  /** Levels in it. */
  depth: number;
}

export interface LocatedScalar extends LocatedBase {
  kind: 'scalar';
  /** As written, without quotes. */
  text: string;
  /** Written without quotes: may be a number, a boolean or nothing. */
  plain: boolean;
}

export interface LocatedSequence extends LocatedBase {
  kind: 'sequence';
  items: readonly Located[];
}

export interface LocatedMapping extends LocatedBase {
  kind: 'mapping';
  entries: ReadonlyMap<string, LocatedEntry>;
}

export interface LocatedEntry {
  /** Where the key stands. */
  key: Position;
  value: Located;
}

/** Whether a value says nothing (`key:`, `null`, `~`). */
export function isNothing(node: Located): boolean {
  return node.kind === 'scalar' && node.plain && /^(null|Null|NULL|~|)$/.test(node.text);
}

/** YAML 1.1's spellings, which mergekit's files use: `yes`, `off`, `TRUE`. */
export function booleanOf(node: Located): boolean | undefined {
  if (node.kind !== 'scalar' || !node.plain) return undefined;
  if (/^(true|True|TRUE|yes|Yes|YES|on|On|ON)$/.test(node.text)) return true;
  return /^(false|False|FALSE|no|No|NO|off|Off|OFF)$/.test(node.text) ? false : undefined;
}

/**
 * A number in any spelling of YAML 1.1 or 1.2 or JSON (`5e-1`, `.5`, `1_000`, `.nan`), quoted or not, as mergekit
 * takes it. What is not quoted may be of another base: `0x10`, `0b101`, and `010` is eight as in YAML 1.1.
 */
export function numberOf(node: Located): number | undefined {
  if (node.kind !== 'scalar') return undefined;
  const text = node.text.trim().replaceAll('_', '');
  const whole = node.plain ? wholeNumberOf(text) : undefined;
  if (whole !== undefined) return whole;
  if (/^[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$/.test(text)) return Number(text);
  if (/^\.(nan|NaN|NAN)$/.test(text)) return Number.NaN;
  const infinity = /^([-+]?)\.(inf|Inf|INF)$/.exec(text);
  if (infinity === null) return undefined;
  return infinity[1] === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
}

/** A whole number of base 2, 8, 16 or 60 (`1:30` is ninety), as PyYAML reads it. */
function wholeNumberOf(text: string): number | undefined {
  const sign = text.startsWith('-') ? -1 : 1;
  const digits = text.replace(/^[-+]/, '');
  if (/^0(b[01]+|x[\da-fA-F]+)$/.test(digits)) return sign * Number(digits);
  if (/^0[0-7]+$/.test(digits)) return sign * Number.parseInt(digits, 8);
  if (!/^[1-9]\d*(:[0-5]?\d)+$/.test(digits)) return undefined;
  return sign * digits.split(':').reduce((sum, part) => sum * 60 + Number(part), 0);
}

/** The value in YAML's flow style, cut to what a message can hold. */
export function render(node: Located, limit = 60): string {
  const text = renderWhole(node, limit);
  return text.length <= limit ? text : `${text.slice(0, limit - 3)}...`;
}

function renderWhole(node: Located, limit: number): string {
  if (node.kind === 'scalar') return node.plain ? node.text : JSON.stringify(node.text);
  const parts: string[] = [];
  let length = 0;
  const children: Iterable<[string, Located]> =
    node.kind === 'sequence'
      ? node.items.map((item): [string, Located] => ['', item])
      : [...node.entries].map(([key, { value }]): [string, Located] => [`${key}: `, value]);
  for (const [prefix, child] of children) {
    if (length > limit) break;
    const part = `${prefix}${renderWhole(child, limit)}`;
    parts.push(part);
    length += part.length;
  }
  return node.kind === 'sequence' ? `[${parts.join(', ')}]` : `{${parts.join(', ')}}`;
}

/** What a value is, for a message: `the text "many"`, `a list`. */
export function describe(node: Located): string {
  if (isNothing(node)) return 'nothing';
  if (node.kind !== 'scalar') return node.kind === 'sequence' ? 'a list' : 'a mapping';
  if (node.plain && booleanOf(node) !== undefined) return `the boolean ${node.text}`;
  if (node.plain && numberOf(node) !== undefined) return `the number ${node.text}`;
  return `the text ${render({ ...node, plain: false })}`;
}
