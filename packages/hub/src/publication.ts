import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { HubError, type ModelFile } from '@hubfuse/plugin';
import { sha256OfFile } from '@hubfuse/tensors';
import type { CommitOperation } from '@huggingface/hub';
import { checkFilePath } from './addresses.ts';
import { sizeOf } from './cache-layout.ts';
import { cardAt } from './card-place.ts';
import { gitOidOfFile } from './checksum.ts';
import { CARD_FILE, sha256 } from './edited-card.ts';
import { MANIFEST_FILE, type ManifestOutput, manifestDigest, renderManifest } from './manifest.ts';
import { attemptMark, contentMark, intentMark } from './marks.ts';
import type { PublishRequest } from './publish-types.ts';

/** Files above this are stored by checksum on every Hub; below, it depends on the Hub's rules. */
const SMALL_BYTES = 10 * 1024 * 1024;

/** What is published, checked against its manifest. */
export interface Publication {
  /** Identity of the content. */
  digest: string;
  /** Text of the card, where there is one. */
  card: string | undefined;
  /** Files to add or replace, the manifest included. */
  operations: CommitOperation[];
  /** Paths of `operations`. */
  paths: ReadonlySet<string>;
  /** The manifest's outputs with everything that a listing may show of them. */
  outputs: readonly (ManifestOutput & Pick<ModelFile, 'oid'>)[];
  /** Text of the commit or pull request below its title; carries the marks by which it is recognised. */
  description: string;
}

/**
 * Looks at every file before anything is sent.
 * @throws HubError `hub/output-missing`, `hub/output-changed` where the folder is not what the manifest says
 */
export async function preparePublication(request: PublishRequest): Promise<Publication> {
  const { folder } = request;
  const readme = (await sizeOf(join(folder, CARD_FILE))) === undefined ? [] : [CARD_FILE];
  const listed = request.manifest.outputs.map(({ path }) => path);
  const files = [...new Set(request.files ?? [...listed, ...readme])];
  const left = listed.find((path) => !files.includes(path));
  if (left !== undefined) throw notAmongFiles(left, folder);
  for (const path of files) checkFilePath(path, folder);
  const outputs = [];
  for (const output of request.manifest.outputs)
    outputs.push(await checkOutput(folder, output, request.options.signal));
  const card = files.includes(CARD_FILE) ? await readCard(request) : undefined;
  const manifest = { ...request.manifest, ...(card === undefined ? {} : { cardSha256: sha256(card) }) };
  const operations: CommitOperation[] = [];
  for (const path of files) {
    if (path === MANIFEST_FILE) continue;
    await requireFile(folder, path);
    const content =
      path === CARD_FILE && card !== undefined ? new Blob([card]) : pathToFileURL(join(folder, ...path.split('/')));
    operations.push({ operation: 'addOrUpdate', path, content });
  }
  operations.push({ operation: 'addOrUpdate', path: MANIFEST_FILE, content: new Blob([renderManifest(manifest)]) });
  await refuseToken(request, files);
  const digest = manifestDigest(manifest);
  const marks = [
    contentMark(digest),
    ...(request.attempt === undefined ? [] : [attemptMark(request.attempt)]),
    ...(request.intent === undefined ? [] : [intentMark(request.intent)]),
    `hubfuse-version: ${manifest.hubfuse}`,
  ];
  return {
    digest,
    card,
    operations,
    paths: new Set(operations.map(({ path }) => path)),
    outputs,
    description: [...(request.description ? [request.description] : []), marks.join('\n')].join('\n\n'),
  };
}

async function readCard({ folder, repo }: PublishRequest): Promise<string> {
  await requireFile(folder, CARD_FILE);
  return cardAt(repo, await readFile(join(folder, CARD_FILE), 'utf8'));
}

/** A recipe or a log that was pasted into a card may hold the token; then nothing is sent. */
async function refuseToken(
  { folder, manifest, options, title, description }: PublishRequest,
  files: readonly string[],
) {
  const { token } = options;
  if (token === undefined || token === '') return;
  const texts: [string, string][] = [
    [MANIFEST_FILE, renderManifest(manifest)],
    ['the commit message', `${title}\n${description ?? ''}`],
  ];
  for (const path of files) {
    if (path.endsWith('.md')) texts.push([path, await readFile(join(folder, ...path.split('/')), 'utf8')]);
  }
  const leak = texts.find(([, text]) => text.includes(token));
  if (leak === undefined) return;
  throw new HubError({
    code: 'hub/token-in-files',
    where: folder,
    message: `${leak[0]} holds the access token; nothing was published`,
    hint: 'remove it there, and make a new token if the file was shared',
  });
}

function notAmongFiles(path: string, folder: string): HubError {
  return new HubError({
    code: 'hub/output-missing',
    where: folder,
    message: `the manifest lists "${path}", which is not among the files to publish`,
    hint: 'publish every output, or leave it out of the manifest',
  });
}

async function requireFile(folder: string, path: string): Promise<number> {
  const size = await sizeOf(join(folder, ...path.split('/')));
  if (size !== undefined) return size;
  throw new HubError({
    code: 'hub/output-missing',
    where: folder,
    message: `there is no file "${path}" to publish`,
    hint: 'merge again: a finished merge leaves all of its files',
  });
}

async function checkOutput(
  folder: string,
  output: ManifestOutput,
  signal: AbortSignal | undefined,
): Promise<ManifestOutput & Pick<ModelFile, 'oid'>> {
  const path = join(folder, ...output.path.split('/'));
  const size = await requireFile(folder, output.path);
  // Large files are hashed once, on the way out; their commit is refused where the checksum differs.
  const small = size <= SMALL_BYTES;
  if (size !== output.size || (small && (await sha256OfFile(path, signal)) !== output.sha256)) {
    throw outputChanged(output.path, folder);
  }
  return small ? { ...output, oid: await gitOidOfFile(path, size) } : { ...output };
}

export function outputChanged(path: string, where: string): HubError {
  return new HubError({
    code: 'hub/output-changed',
    where,
    message: `"${path}" is not the file that the manifest describes: it was changed after the merge`,
    hint: 'merge again, or publish from an untouched folder',
  });
}

/** Whether a listing shows exactly the outputs' contents. */
export function holdsOutputs(files: readonly ModelFile[], outputs: Publication['outputs']): boolean {
  const byPath = new Map(files.map((file) => [file.path, file]));
  return outputs.every((output) => {
    const file = byPath.get(output.path);
    if (file === undefined || file.size !== output.size) return false;
    return file.sha256 === undefined ? file.oid === output.oid : file.sha256 === output.sha256;
  });
}
