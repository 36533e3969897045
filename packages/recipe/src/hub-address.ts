import { RecipeError } from '@hubfuse/plugin';

/** What an address of a Hub's website (or `hf://`) points at. */
export interface HubAddress {
  type: 'model' | 'dataset' | 'space';
  repo: string;
  revision?: string | undefined;
  /** Path inside the repository. */
  path?: string | undefined;
  /** Whether the address says that `path` is a file (`/blob/`, `/resolve/`, `/raw/`). */
  isFile: boolean;
}

const HOSTS = ['huggingface.co', 'www.huggingface.co', 'hf.co', 'www.hf.co'];
const FILE_PAGES = ['blob', 'resolve', 'raw', 'blame'];
const REVISION_PAGES = ['tree', 'commit', 'commits', ...FILE_PAGES];
const OTHER_PAGES = ['discussions', 'settings', 'edit', 'new', 'upload', 'delete', 'metrics', 'community'];
/** First parts of the website's own pages, which are no namespaces. */
const SITE_PAGES = new Set(
  'models docs blog papers collections organizations tasks chat login join pricing settings new learn posts api'.split(
    ' ',
  ),
);

/** Whether a string has the form of a repository's id: `namespace/name`, or one word. */
export function isHubId(id: string): boolean {
  const parts = id.split('/');
  return (
    parts.length <= 2 &&
    id.length <= 200 &&
    parts.every((part) => /^[A-Za-z0-9_][\w.-]*$/.test(part) && !/--|\.\.|[.-]$|\.git$/.test(part))
  );
}

/**
 * Takes an address apart. Addresses of huggingface.co and hf.co and of the Hub that stands in for it are known, with or
 * without scheme.
 *
 * @returns undefined for what is no address at all: an id or a folder.
 * @throws RecipeError `recipe/bad-reference` for an address of another site, or of a page that is no repository.
 */
export function parseHubAddress(text: string, hub: string | undefined): HubAddress | undefined {
  refuseSsh(text);
  if (/^hf:\/\//i.test(text)) return fileSystemAddress(text);
  const path = websitePath(text, hub);
  return path === undefined ? undefined : websiteAddress(text, path);
}

/** Whether a text is an address, of the Hub or of any other site, and no name of a file. */
export function isAddress(text: string, hub: string | undefined): boolean {
  try {
    return parseHubAddress(text, hub) !== undefined;
  } catch {
    return true;
  }
}

/** `git@hf.co:ns/name`, as git is given it. No revision holds a colon. */
function refuseSsh(text: string): void {
  const path = /^[^@/\s]+@[^@/:\s]+:(.*)$/.exec(text)?.[1]?.replace(/\.git$/, '');
  if (path === undefined) return;
  const known = /^(datasets\/)?[\w.-]+\/[\w.-]+$/.test(path);
  throw bad(
    text,
    'is an address of git over SSH, which is not read',
    known ? `write https://huggingface.co/${path}, or just ${path.replace(/^datasets\//, '')}` : HINT,
  );
}

/** The part of a website's address behind the Hub's own: `ns/name/tree/main`. */
function websitePath(text: string, hub: string | undefined): string | undefined {
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text)?.[1]?.toLowerCase();
  if (scheme === 'file') return undefined;
  if (scheme !== undefined && scheme !== 'http' && scheme !== 'https') {
    throw bad(text, `has the scheme ${scheme}:, which is no Hub's`, hintOf(hub));
  }
  const address = (scheme === undefined ? text : text.slice(scheme.length + 3)).replace(/[?#].*$/, '');
  for (const place of hub === undefined ? HOSTS : [withoutScheme(hub), ...HOSTS]) {
    if (address.toLowerCase() === place.toLowerCase()) throw bad(text, 'names a Hub and no repository', hintOf(hub));
    if (address.toLowerCase().startsWith(`${place.toLowerCase()}/`)) return address.slice(place.length + 1);
  }
  if (scheme !== undefined) throw bad(text, 'is not at the Hub', hintOf(hub));
  return undefined;
}

function websiteAddress(text: string, path: string): HubAddress {
  const all = path.split('/').map((part) => decode(text, part));
  const api = all[0] === 'api' && ['models', 'datasets', 'spaces'].includes(all[1] ?? '');
  const kind = (api ? all[1] : all[0]) ?? '';
  const type = kind === 'datasets' ? 'dataset' : kind === 'spaces' ? 'space' : 'model';
  const parts = all.slice(api ? 2 : type === 'model' ? 0 : 1).filter((part) => part !== '');
  const [first = '', second] = parts;
  if (first === '' || (type === 'model' && SITE_PAGES.has(first)))
    throw bad(text, 'is a page that is no repository', HINT);
  const isPage = (part: string | undefined) => part !== undefined && [...REVISION_PAGES, ...OTHER_PAGES].includes(part);
  const oneWord = second === undefined || (isPage(second) && (parts.length > 2 || OTHER_PAGES.includes(second)));
  const repo = (oneWord ? first : `${first}/${second}`).replace(/\.git$/, '');
  const [page, ...rest] = parts.slice(oneWord ? 1 : 2);
  const [name, revision] = splitOnce(repo);
  if (page === undefined) return { type, repo: name, revision, isFile: false };
  if (page === 'revision') return { type, repo: name, revision: rest.join('/') || undefined, isFile: false };
  if (!REVISION_PAGES.includes(page)) {
    throw bad(
      text,
      `is the page "${page}" of ${name}`,
      `name the ${type}: ${name}, or ${name}@refs/pr/<number> for a pull request`,
    );
  }
  return { type, repo: name, ...revisionAndPath(rest), isFile: FILE_PAGES.includes(page) };
}

/** `hf://[datasets/|spaces/|models/]repo[@revision][/path]`, as Python's HfFileSystem reads it. */
function fileSystemAddress(text: string): HubAddress {
  const parts = text
    .slice(5)
    .split('/')
    .filter((part) => part !== '');
  const prefix = parts[0] ?? '';
  const type = prefix === 'datasets' ? 'dataset' : prefix === 'spaces' ? 'space' : 'model';
  if (['datasets', 'spaces', 'models'].includes(prefix)) parts.shift();
  const [first, second] = parts;
  if (first === undefined) throw bad(text, 'names no repository', HINT);
  const oneWord = second === undefined || first.includes('@');
  const [repo, revision] = splitOnce(oneWord ? first : `${first}/${second}`);
  const rest = parts.slice(oneWord ? 1 : 2);
  if (revision === 'refs' && rest.length >= 2) {
    const [, ...behind] = rest.slice(1);
    return { type, repo, revision: `refs/${rest[0]}/${rest[1]}`, path: behind.join('/') || undefined, isFile: false };
  }
  const path = rest.join('/') || undefined;
  return {
    type,
    repo,
    revision: revision === undefined ? undefined : decode(text, revision),
    path,
    isFile: path !== undefined,
  };
}

/** The Hub writes a slash inside a revision as %2F, except in `refs/pr/N` and `refs/convert/X`. */
function revisionAndPath(parts: readonly string[]): { revision?: string | undefined; path?: string | undefined } {
  const length = parts[0] === 'refs' && parts.length >= 3 ? 3 : 1;
  return {
    revision: parts.slice(0, length).join('/') || undefined,
    path: parts.slice(length).join('/') || undefined,
  };
}

function splitOnce(repo: string): [name: string, revision: string | undefined] {
  const [name = '', revision, more] = repo.split('@');
  if (more !== undefined) throw bad(repo, 'names two revisions (@)', 'one @ per reference: <id>@<revision>');
  return [name, revision === '' ? undefined : revision];
}

function decode(text: string, part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw bad(text, `holds "${part}", which is no valid percent-encoding`, HINT);
  }
}

function withoutScheme(hub: string): string {
  return hub.replace(/^[a-z]+:\/\//i, '').replace(/\/+$/, '');
}

const HINT = 'write https://huggingface.co/<namespace>/<name>, or just <namespace>/<name>';

function hintOf(hub: string | undefined): string {
  return hub === undefined ? `${HINT}; --hub <url> names another Hub` : `${HINT}, or its address at ${hub}`;
}

function bad(text: string, problem: string, hint: string): RecipeError {
  return new RecipeError({ code: 'recipe/bad-reference', message: `"${text}" ${problem}`, hint });
}
