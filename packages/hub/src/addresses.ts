import { HubError } from '@hubfuse/plugin';
import type { RepoType } from './source.ts';

/** Names a repository on one Hub. */
export interface RepoAddress {
  hubUrl: string;
  type: RepoType;
  repo: string;
}

const PART = /^[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,94}[A-Za-z0-9_])?$/;

/** The part of a Hub's paths before a repository's name. */
const PREFIXES: Readonly<Record<RepoType, string>> = { model: '', dataset: 'datasets/' };

/** `https://hub/api/models/ns/name`. */
export function apiAddress({ hubUrl, type, repo }: RepoAddress): string {
  return `${hubUrl}/api/${type}s/${repo}`;
}

/** The page of a repository, or of a revision of it. */
export function pageAddress({ hubUrl, type, repo }: RepoAddress, revision?: string): string {
  return `${hubUrl}/${PREFIXES[type]}${repo}${revision === undefined ? '' : `/tree/${encodeURIComponent(revision)}`}`;
}

/** Where the bytes of a file are. */
export function fileAddress({ hubUrl, type, repo }: RepoAddress, revision: string, path: string): string {
  const file = path.split('/').map(encodeURIComponent).join('/');
  return `${hubUrl}/${PREFIXES[type]}${repo}/resolve/${encodeURIComponent(revision)}/${file}`;
}

/**
 * @param namespaced whether the namespace must be there, as it must for what is written
 * @throws HubError `hub/bad-repo-id`
 */
export function checkRepoId(repo: string, namespaced = false): void {
  const parts = repo.split('/');
  const right = parts.length === 2 || (parts.length === 1 && !namespaced);
  if (right && parts.every((part) => PART.test(part) && !part.includes('--') && !part.includes('..'))) return;
  throw new HubError({
    code: 'hub/bad-repo-id',
    message: `"${repo}" is not the name of a repository`,
    hint: 'names are namespace/name: letters, digits, "-", "_" and ".", each part at most 96 long, no "--" and no ".."',
  });
}

/**
 * A Hub decides the paths that end up below the cache folder, so one that would leave it is refused.
 * @throws HubError `hub/unsafe-path`
 */
export function checkFilePath(path: string, repo: string): void {
  const parts = path.split('/');
  const unsafe = parts.some((part) => part === '' || part === '.' || part === '..') || /[\\\0]|^[A-Za-z]:/.test(path);
  if (!unsafe) return;
  throw new HubError({
    code: 'hub/unsafe-path',
    where: repo,
    message: `the repository lists a file under the path ${JSON.stringify(path)}, which could leave its folder`,
    hint: 'do not use this repository',
  });
}
