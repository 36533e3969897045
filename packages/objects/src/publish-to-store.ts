import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ObjectStore, type Publication, type PublishContext, StoreError } from '@hubfuse/plugin';
import { listAll } from './json.ts';

/** The object that says what is published; whatever it names is there. */
export const PUBLICATION_KEY = 'manifest.json';
const FORMAT = 1;
/** Files of a publication that its list of outputs does not name, because they speak of it. */
const COMPANIONS = ['README.md', 'hubfuse.json'];
/** Publications before the present one that a manifest remembers. */
const REMEMBERED = 100;
const MOST_CONFLICTS = 20;

export interface PublishedFile {
  /** Path in the model's folder. */
  path: string;
  /** Key in the store. */
  key: string;
  /** Bytes. */
  size: number;
  sha256: string;
}

/** Content of `manifest.json`. */
export interface StorePublication {
  format: typeof FORMAT;
  title: string;
  /** Digest of all files: the same for the same content. */
  version: string;
  files: readonly PublishedFile[];
  /** Who published it (the run's id). */
  attempt: string;
  /** What stood here before, the latest first. */
  earlier: readonly { version: string; attempt: string }[];
}

/**
 * Publishes a folder into a store, once: every file under a key of its own version, and when all are there a manifest with
 * their SHA-256, by compare-and-swap. So a reader of the manifest finds everything that it names, before and after the
 * next publication too. What an earlier attempt put there, even one that was killed, is found and used.
 * @throws StoreError `store/file-changed` where a file is no longer what the publication says
 */
export async function publishToStore(options: {
  store: ObjectStore;
  publication: Pick<Publication, 'folder' | 'files' | 'title'>;
  context: Pick<PublishContext, 'attempt' | 'signal' | 'progress' | 'confirm'>;
}): Promise<{ version: string; already: boolean }> {
  const { store, publication, context } = options;
  const files = await allFiles(publication);
  const version = digestOf(files);
  if (isPublished(await readPublication(store), { version, attempt: context.attempt }))
    return { version, already: true };
  const keyOf = (path: string): string => `versions/${version}/${path}`;
  await uploadMissing({ store, folder: publication.folder, files, keyOf, context });
  for (let round = 0; round < MOST_CONFLICTS; round++) {
    const found = await readPublication(store);
    if (isPublished(found, { version, attempt: context.attempt })) return { version, already: round === 0 };
    const before = found?.value;
    const earlier =
      before === undefined ? [] : [{ version: before.version, attempt: before.attempt }, ...before.earlier];
    const next: StorePublication = {
      format: FORMAT,
      title: publication.title,
      version,
      files: files.map((file) => ({ ...file, key: keyOf(file.path) })),
      attempt: context.attempt,
      earlier: earlier.slice(0, REMEMBERED),
    };
    const body = new TextEncoder().encode(`${JSON.stringify(next, null, 2)}\n`);
    await context.confirm?.();
    const written =
      found === undefined
        ? await store.create(PUBLICATION_KEY, body)
        : await store.replace(PUBLICATION_KEY, body, found.etag);
    if (written !== undefined) return { version, already: false };
  }
  throw new StoreError({
    code: 'store/contended',
    where: `${store.url}: ${PUBLICATION_KEY}`,
    message: `others published each time that this was about to, ${MOST_CONFLICTS} times`,
    hint: 'give each recipe a prefix of its own',
  });
}

async function allFiles({ folder, files }: Pick<Publication, 'folder' | 'files'>): Promise<Publication['files']> {
  const all = files.map(({ path, size, sha256 }) => ({ path, size, sha256 }));
  for (const path of COMPANIONS) {
    if (all.some((file) => file.path === path)) continue;
    const bytes = await readFile(join(folder, path)).catch(() => undefined);
    if (bytes === undefined) continue;
    all.push({ path, size: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') });
  }
  return all;
}

function digestOf(files: Publication['files']): string {
  const lines = files.map(({ path, size, sha256 }) => `${path}\0${size}\0${sha256}\n`).sort();
  return createHash('sha256').update(lines.join('')).digest('hex').slice(0, 32);
}

function isPublished(found: FoundPublication | undefined, mine: { version: string; attempt: string }): boolean {
  if (found === undefined) return false;
  const { version, attempt, earlier } = found.value;
  // What this attempt published stays published, although something newer has replaced it since.
  return version === mine.version || [{ version, attempt }, ...earlier].some((one) => one.attempt === mine.attempt);
}

interface FoundPublication {
  value: StorePublication;
  etag: string;
}

async function readPublication(store: ObjectStore): Promise<FoundPublication | undefined> {
  const found = await store.get(PUBLICATION_KEY);
  if (found === undefined) return undefined;
  const where = `${store.url}: ${PUBLICATION_KEY}`;
  const hint = 'publish under a prefix of its own';
  let value: Partial<StorePublication>;
  try {
    value = JSON.parse(new TextDecoder().decode(found.body)) as Partial<StorePublication>;
  } catch (cause) {
    throw new StoreError({
      code: 'store/not-ours',
      where,
      message: 'something else keeps a manifest here',
      hint,
      cause,
    });
  }
  const { format, version, attempt, earlier } = value;
  if (typeof format === 'number' && format > FORMAT) {
    const message = `the manifest has the format ${format}, and this version of hubfuse reads formats up to ${FORMAT}`;
    throw new StoreError({
      code: 'store/newer-format',
      where,
      message,
      hint: 'publish with a newer version of hubfuse',
    });
  }
  if (format !== FORMAT || typeof version !== 'string' || typeof attempt !== 'string' || !Array.isArray(earlier)) {
    throw new StoreError({ code: 'store/not-ours', where, message: 'something else keeps a manifest here', hint });
  }
  return { value: value as StorePublication, etag: found.etag };
}

/** Keys tell the content, and an object is whole or absent: what is there needs no second upload. */
async function uploadMissing(options: {
  store: ObjectStore;
  folder: string;
  files: Publication['files'];
  keyOf: (path: string) => string;
  context: Pick<PublishContext, 'signal' | 'progress' | 'confirm'>;
}): Promise<void> {
  const { store, folder, files, keyOf, context } = options;
  const there = new Set<string>();
  for await (const key of listAll(store, keyOf(''))) there.add(key);
  const total = files.reduce((sum, { size }) => sum + size, 0);
  let done = 0;
  for (const file of files) {
    context.signal.throwIfAborted();
    if (there.has(keyOf(file.path))) done += file.size;
    else {
      const onBytes = (bytes: number): void => {
        done += bytes;
        context.progress({ label: `uploading ${file.path}`, done, total, unit: 'bytes' });
      };
      await context.confirm?.();
      await store.write(keyOf(file.path), verified({ path: join(folder, file.path), file, onBytes, context }));
    }
  }
}

/** The bytes of a file; breaks where they are not those that the publication states, so that nothing else is stored. */
async function* verified(options: {
  path: string;
  file: Publication['files'][number];
  onBytes: (bytes: number) => void;
  context: Pick<PublishContext, 'signal' | 'confirm'>;
}): AsyncGenerator<Uint8Array> {
  const { path, file, onBytes, context } = options;
  const { signal } = context;
  const hash = createHash('sha256');
  for await (const part of createReadStream(path, { highWaterMark: 1 << 20, signal }) as AsyncIterable<Uint8Array>) {
    hash.update(part);
    yield part;
    onBytes(part.length);
  }
  await context.confirm?.();
  if (hash.digest('hex') === file.sha256) return;
  throw new StoreError({
    code: 'store/file-changed',
    where: path,
    message: 'the file changed since it was made',
    hint: 'merge again, and publish what comes out',
  });
}
