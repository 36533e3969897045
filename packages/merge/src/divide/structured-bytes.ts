import { deserialize, serialize } from 'node:v8';
import { MergeError } from '@hubfuse/plugin';

/**
 * Plain data of a sweep as bytes: what a structured clone keeps, which JSON does not (typed arrays, infinity, minus zero).
 * Read by the same version of Node.js or a newer one.
 */
export function toBytes(value: unknown): Uint8Array {
  return serialize(value);
}

/** The type is the caller's claim. @throws MergeError `merge/unreadable-part` where these are no such bytes */
export function fromBytes<T>(bytes: Uint8Array): T {
  try {
    return deserialize(bytes) as T;
  } catch (cause) {
    throw new MergeError({
      code: 'merge/unreadable-part',
      message: 'what another process made of its part of the merge cannot be read',
      hint: 'all processes that share a merge need the same version of Node.js',
      cause,
    });
  }
}
