import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Manifest, PublishRequest } from '@hubfuse/hub';
import { type Files, sha256, type TestHub } from './test-hub.ts';

/** A finished folder and what to publish it as. Other `files` make another content. */
export async function publicationOf(
  hub: TestHub,
  files: Files,
  more: Partial<PublishRequest> = {},
): Promise<PublishRequest> {
  const folder = await hub.folder({ ...files, 'README.md': '---\ntags: [merge]\n---\n# Merged\n' });
  return {
    repo: 'tester/merged',
    folder,
    title: 'Merge by PCB',
    manifest: manifestOf(files),
    options: hub.options(),
    ...more,
  };
}

export function manifestOf(files: Files): Manifest {
  return {
    format: 1,
    hubfuse: '0.1.0',
    name: 'merged',
    method: 'pcb',
    recipe: 'merge_method: pcb\n',
    inputs: [{ role: 'model', reference: 'ns/model', name: 'ns/model', kind: 'hub', revision: 'a'.repeat(40) }],
    settings: {},
    datasets: [],
    outputs: Object.entries(files).map(([path, content]) => ({
      path,
      size: Buffer.byteLength(content),
      sha256: sha256(content),
    })),
  };
}

export interface PublishedState {
  /** Titles of the branch's commits, newest first. */
  commits: string[];
  /** Paths of the branch's files. */
  paths: string[];
  /** Numbers of the pull requests. */
  pullRequests: number[];
}

/** What the Hub holds, asked without any code that is tested. */
export async function stateOf(hub: TestHub, repo: string, branch = 'main'): Promise<PublishedState> {
  const json = async (path: string) => (await (await hub.api('GET', `/api/models/${repo}${path}`)).json()) as never;
  const commits = (await json(`/commits/${branch}`)) as { title: string }[];
  const tree = (await json(`/tree/${branch}?recursive=true`)) as { type: string; path: string }[];
  const refs = (await json('/refs?include_prs=1')) as { pullRequests?: { ref: string }[] };
  return {
    commits: commits.map(({ title }) => title),
    paths: tree.filter(({ type }) => type === 'file').map(({ path }) => path),
    pullRequests: (refs.pullRequests ?? []).map(({ ref }) => Number(ref.split('/').at(-1))),
  };
}

/** Bytes of a file as the Hub serves them. */
export async function served(hub: TestHub, repo: string, revision: string, path: string): Promise<Buffer> {
  const response = await hub.api('GET', `/${repo}/resolve/${encodeURIComponent(revision)}/${path}`);
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return Buffer.from(await response.arrayBuffer());
}

export async function localFile(request: PublishRequest, path: string): Promise<Buffer> {
  return await readFile(join(request.folder, path));
}
