/** What a name tells of a task without reading it. */
export interface TaskName {
  /** What it belongs to: `merge2-<digest>`, `search2-<digest>`. */
  group: string;
  /** The child that it is meant for, who has read what it needs; absent: whoever comes first. */
  child?: number;
  /** Tells it from others of the group, and sorts it among them. */
  rest: string;
}

const ANYBODY = 'any';
const DIGITS = 5;

export function taskName({ group, child, rest }: TaskName): string {
  return [group, child === undefined ? ANYBODY : padded(child), rest].join('.');
}

export function readTaskName(name: string): TaskName {
  const [group = '', child = ANYBODY, ...rest] = name.split('.');
  return { group, ...(child === ANYBODY ? {} : { child: Number(child) }), rest: rest.join('.') };
}

/** A number so that names sort by it. */
export function padded(number: number): string {
  return String(number).padStart(DIGITS, '0');
}
