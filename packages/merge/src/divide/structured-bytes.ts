import { deserialize, serialize } from 'node:v8';
import { MergeError } from '@hubfuse/plugin';

/** What processes that share a merge say to each other: rises with every change that other versions would misread. */
export const PARTS_FORMAT = 2;

/**
 * Plain data of a sweep as bytes: what a structured clone keeps, which JSON does not (typed arrays, infinity, minus zero).
 * Read by the same version of Node.js or a newer one. The version of its format is around it.
 */
export function toBytes(value: unknown): Uint8Array {
  return serialize({ format: PARTS_FORMAT, value });
}

/** The type is the caller's claim. @throws MergeError `merge/unreadable-part` where these are no such bytes */
export function fromBytes<T>(bytes: Uint8Array): T {
  const { format, value } = envelope(bytes);
  if (format === PARTS_FORMAT) return value as T;
  throw new MergeError({
    code: 'merge/unreadable-part',
    message: `what another process made of its part of the merge has the format ${format}, and this version of hubfuse reads ${PARTS_FORMAT}`,
    hint: 'all processes that share a merge need the same version of hubfuse',
  });
}

function envelope(bytes: Uint8Array): { format: unknown; value: unknown } {
  let cause: unknown;
  try {
    const found: unknown = deserialize(bytes);
    if (typeof found === 'object' && found !== null && 'format' in found && 'value' in found) return found;
  } catch (error) {
    cause = error;
  }
  throw new MergeError({
    code: 'merge/unreadable-part',
    message: 'what another process made of its part of the merge cannot be read',
    hint: 'all processes that share a merge need the same version of Node.js and of hubfuse',
    cause,
  });
}
