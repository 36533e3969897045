import { HubError, type ModelFile } from '@hubfuse/plugin';
import { fileAddress, type RepoAddress } from '../addresses.ts';
import { explainRefusal } from '../failures.ts';
import type { Transport } from '../transport.ts';

/** Files that are written anew, by path. */
type Written = ReadonlyMap<string, string>;

/**
 * The lines of a commit that makes a tree hold what an earlier one held. Large files are named by their checksum, which the
 * Hub has, so that nothing large is sent again.
 */
export async function restoringCommit(options: {
  address: RepoAddress;
  /** The tree now. */
  present: readonly ModelFile[];
  /** The tree to restore, and its commit. */
  earlier: readonly ModelFile[];
  revision: string;
  /** Texts that take the place of what the earlier tree holds. */
  written: Written;
  title: string;
  description: string;
  /** The commit that must still be the branch's. */
  parent: string;
  transport: Transport;
}): Promise<string> {
  const { address, present, earlier, revision, written, title, description, parent, transport } = options;
  const now = new Map(present.map((file) => [file.path, file]));
  const kept = new Set([...earlier.map(({ path }) => path), ...written.keys()]);
  const lines: object[] = [{ key: 'header', value: { summary: title, description, parentCommit: parent } }];
  for (const file of earlier) {
    if (written.has(file.path) || isSame(file, now.get(file.path))) continue;
    const { path, size, sha256 } = file;
    lines.push(
      sha256 === undefined
        ? regularFile(path, await readFile({ address, revision, path, transport }))
        : { key: 'lfsFile', value: { path, algo: 'sha256', oid: sha256, size } },
    );
  }
  for (const [path, text] of written) lines.push(regularFile(path, Buffer.from(text)));
  for (const { path } of present) if (!kept.has(path)) lines.push({ key: 'deletedFile', value: { path } });
  return lines.map((line) => JSON.stringify(line)).join('\n');
}

/** Whether two listings show the same content. */
export function isSame(file: ModelFile, other: ModelFile | undefined): boolean {
  if (other === undefined || file.size !== other.size) return false;
  return file.sha256 === undefined ? file.oid !== undefined && file.oid === other.oid : file.sha256 === other.sha256;
}

function regularFile(path: string, content: Buffer): object {
  return { key: 'file', value: { path, content: content.toString('base64'), encoding: 'base64' } };
}

/** A file that is small enough to be no Large File Storage. */
export async function readFile(options: {
  address: RepoAddress;
  revision: string;
  path: string;
  transport: Transport;
}): Promise<Buffer> {
  const { address, revision, path, transport } = options;
  const response = await transport.fetch(fileAddress(address, revision, path));
  const bytes = Buffer.from(await response.arrayBuffer());
  if (response.ok) return bytes;
  const refusal = { status: response.status, headers: response.headers, body: bytes.toString('utf8') };
  throw explainRefusal(refusal, { ...address, revision, path }, transport.options);
}

/** @throws HubError `hub/published-differs` where a commit does not hold what it should have restored */
export function requireRestored(
  address: string,
  { earlier, restored, written }: { earlier: readonly ModelFile[]; restored: readonly ModelFile[]; written: Written },
): void {
  const now = new Map(restored.map((file) => [file.path, file]));
  const wrong = earlier.find((file) => !written.has(file.path) && !isSame(file, now.get(file.path)));
  const extra = restored.find(({ path }) => !written.has(path) && !earlier.some((file) => file.path === path));
  if (wrong === undefined && extra === undefined) return;
  throw new HubError({
    code: 'hub/published-differs',
    where: address,
    message: `the commit that rolls back does not hold what stood there before: "${(wrong ?? extra)?.path}" differs`,
    hint: 'look at it on the Hub before it is used',
  });
}
