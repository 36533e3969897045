import { EvaluationError } from '@hubfuse/plugin';

/** The text of a dataset file. @throws EvaluationError where the bytes are not UTF-8. */
export function decodeText(bytes: Uint8Array, where: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new EvaluationError({
      code: 'evaluate/not-text',
      where,
      message: 'the file is not UTF-8 text',
      hint: 'save it as UTF-8, or name the reader of its format',
      cause,
    });
  }
}

/** An error at a line (or row) of a dataset file. */
export function malformed(where: string, line: number, message: string, cause?: unknown): EvaluationError {
  return new EvaluationError({ code: 'evaluate/malformed-data', where: `${where}:${line}`, message, cause });
}
