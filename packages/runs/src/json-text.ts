import { RunError } from '@hubfuse/plugin';

/** The value of one key of the outermost object: its place in the text. */
interface Member {
  key: string;
  start: number;
  end: number;
}

/**
 * Changes values of the outermost object of a JSON text and leaves every other byte as it is: numbers keep their
 * spelling (`10000.0` stays a float for Python) and unknown keys their order. Keys that are missing are added at the end.
 * @throws RunError where the text is no JSON object.
 */
export function setJsonKeys(text: string, changes: Readonly<Record<string, unknown>>, where: string): string {
  const members = outermostMembers(text, where);
  const added: [string, unknown][] = [];
  const edits: { start: number; end: number; value: string }[] = [];
  for (const [key, value] of Object.entries(changes)) {
    // Of a repeated key the last one counts.
    const found = members.filter((member) => member.key === key).at(-1);
    if (found === undefined) added.push([key, value]);
    else edits.push({ start: found.start, end: found.end, value: JSON.stringify(value) });
  }
  let result = text;
  for (const edit of edits.sort((a, b) => b.start - a.start)) {
    result = result.slice(0, edit.start) + edit.value + result.slice(edit.end);
  }
  for (const [key, value] of added) result = append(result, key, value, members.length > 0 || added[0]?.[0] !== key);
  return result;
}

function append(text: string, key: string, value: unknown, comma: boolean): string {
  const close = text.lastIndexOf('}');
  const before = text.slice(0, close).trimEnd();
  return `${before}${comma ? ',' : ''}\n  ${JSON.stringify(key)}: ${JSON.stringify(value)}\n${text.slice(close)}`;
}

function outermostMembers(text: string, where: string): Member[] {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error('it is not an object');
  } catch (cause) {
    throw new RunError({
      code: 'run/bad-config',
      where,
      message: `the file is not a JSON object: ${cause instanceof Error ? cause.message : String(cause)}`,
      hint: 'the model that it comes from is damaged',
      cause,
    });
  }
  // The text is known to be valid here, so that strings, brackets and commas are enough to find the members.
  const members: Member[] = [];
  let depth = 0;
  let key: string | undefined;
  let start = -1;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === '"') {
      const end = stringEnd(text, at);
      if (depth === 1 && key === undefined) key = JSON.parse(text.slice(at, end)) as string;
      at = end - 1;
    } else if (character === '{' || character === '[') depth++;
    else if (character === ':' && depth === 1) start = at + 1;
    if (depth === 1 && (character === ',' || character === '}') && key !== undefined) {
      members.push({ key, ...trimmed(text, start, at) });
      key = undefined;
    }
    if (character === '}' || character === ']') depth--;
  }
  return members;
}

function stringEnd(text: string, start: number): number {
  let at = start + 1;
  while (text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return at + 1;
}

function trimmed(text: string, start: number, end: number): { start: number; end: number } {
  const part = text.slice(start, end);
  return { start: start + part.length - part.trimStart().length, end: start + part.trimEnd().length };
}
