import { defineReader, EvaluationError, type Example } from '@hubfuse/plugin';
import { decodeText, malformed } from '../decode.ts';

/** JSON lines, or one JSON array of objects. Empty lines are skipped. */
export default defineReader({
  name: 'jsonl',
  extensions: ['.jsonl', '.ndjson', '.json'],
  async read(bytes, where) {
    const text = decodeText(bytes, where);
    return { rows: text.trimStart().startsWith('[') ? readArray(text, where) : readLines(text, where) };
  },
});

function readLines(text: string, where: string): Example[] {
  const rows: Example[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue;
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch (cause) {
      throw malformed(where, index + 1, `the line is not JSON: ${reason(cause)}`, cause);
    }
    if (!isObject(value)) throw malformed(where, index + 1, 'the line is not a JSON object');
    rows.push(value);
  }
  return rows;
}

function readArray(text: string, where: string): Example[] {
  let values: unknown[];
  try {
    values = JSON.parse(text) as unknown[];
  } catch (cause) {
    const position = /position (\d+)/.exec(reason(cause))?.[1];
    const line = position === undefined ? undefined : text.slice(0, Number(position)).split('\n').length;
    if (line !== undefined) throw malformed(where, line, `the file is not a JSON array: ${reason(cause)}`, cause);
    throw new EvaluationError({
      code: 'evaluate/malformed-data',
      where,
      message: `the file is not a JSON array: ${reason(cause)}`,
      cause,
    });
  }
  return values.map((value, index) => {
    if (isObject(value)) return value;
    throw new EvaluationError({
      code: 'evaluate/malformed-data',
      where,
      message: `element ${index} of the array is not an object`,
    });
  });
}

function isObject(value: unknown): value is Example {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function reason(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
