import { StoreError } from '@hubfuse/plugin';

/** S3 allows 1024 bytes in all, file systems 255 in a segment; a run's own prefix needs some room. */
const LONGEST_KEY = 900;
const LONGEST_SEGMENT = 200;
const SEGMENT = /^[A-Za-z0-9_=@+~-](?:[A-Za-z0-9_.=@+~-]*[A-Za-z0-9_=@+~-])?$/;
/** Names that Windows gives to devices, whatever their extension. */
const DEVICE = /^(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\..*)?$/i;

function refuse(key: string, why: string): never {
  throw new StoreError({
    code: 'store/bad-key',
    message: `the key ${JSON.stringify(key.length > 120 ? `${key.slice(0, 120)}...` : key)} ${why}`,
    hint: 'a key is segments of letters, digits and -_.=@+~ joined by "/", none beginning or ending with a dot',
  });
}

/**
 * Checks that a key means the same object in every store and nothing outside of one: no absolute path, no `..`, no
 * backslash, no name that a file system would change. Returns its segments.
 * @throws StoreError `store/bad-key`.
 */
export function checkKey(key: string): string[] {
  if (key === '') refuse(key, 'is empty');
  if (key.length > LONGEST_KEY) refuse(key, `is longer than ${LONGEST_KEY} characters`);
  const segments = key.split('/');
  for (const segment of segments) {
    if (!SEGMENT.test(segment)) refuse(key, `has the unusable segment ${JSON.stringify(segment.slice(0, 60))}`);
    if (segment.length > LONGEST_SEGMENT) refuse(key, `has a segment longer than ${LONGEST_SEGMENT} characters`);
    if (DEVICE.test(segment)) refuse(key, `has the segment "${segment}", which is a device on Windows`);
  }
  return segments;
}

/** Whether a store of any kind could hold an object of this name. */
export function isKey(key: string): boolean {
  try {
    checkKey(key);
    return true;
  } catch {
    return false;
  }
}

/** Checks the beginning of keys as `list` takes it: whole segments and, at the end, a part of one or nothing. */
export function checkPrefix(prefix: string): void {
  if (prefix === '') return;
  const cut = prefix.lastIndexOf('/');
  if (cut !== -1) checkKey(prefix.slice(0, cut));
  const last = prefix.slice(cut + 1);
  if (!/^[A-Za-z0-9_.=@+~-]*$/.test(last) || last.startsWith('.')) refuse(prefix, 'is no beginning of a key');
}

/** Any text as one segment of a key: characters that a key cannot hold become `-`. */
export function toSegment(text: string): string {
  const segment = text
    .replace(/[^A-Za-z0-9_=@+~.-]+/g, '-')
    .replace(/^[.-]+|[.-]+$/g, '')
    .slice(0, 80)
    .replace(/[.-]+$/, '');
  return segment === '' || DEVICE.test(segment) ? `x-${segment}`.replace(/-$/, '') : segment;
}
