import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { HubError } from '@hubfuse/plugin';
import { DEFAULT_HUB_URL, type HubOptions } from './options.ts';

/** Where options come from that the caller does not give. */
export interface EnvironmentInput {
  /** Default `process.env`. An empty variable counts as unset. */
  environment?: Readonly<Record<string, string | undefined>> | undefined;
  /** The user's home folder. Default: the system's answer. */
  home?: string | undefined;
}

const TRUE_WORDS = new Set(['1', 'on', 'yes', 'true']);

/**
 * Options as Hugging Face's own tools would choose them: `HF_TOKEN` or the token file of `hf auth login`, `HF_ENDPOINT`,
 * `HF_HUB_CACHE` or `HF_HOME`, `HF_HUB_OFFLINE`. What `options` holds wins.
 * @throws HubError `hub/bad-address` where the Hub's address is no http(s) URL; `hub/token-file` where the token file
 * exists but cannot be read.
 */
export async function hubOptionsFromEnvironment(
  options: Partial<HubOptions> = {},
  input: EnvironmentInput = {},
): Promise<HubOptions> {
  const environment = input.environment ?? process.env;
  const home = input.home ?? homedir();
  const value = (...names: string[]) => names.map((name) => environment[name]?.trim()).find((found) => found);
  const path = (text: string) => resolve(text.replace(/^~(?=$|[/\\])/, home));

  const hfHome = path(value('HF_HOME') ?? join(value('XDG_CACHE_HOME') ?? join(home, '.cache'), 'huggingface'));
  const cache = value('HF_HUB_CACHE', 'HUGGINGFACE_HUB_CACHE');
  const offline = TRUE_WORDS.has((value('HF_HUB_OFFLINE') ?? '').toLowerCase());
  const found =
    options.token === undefined || options.token === ''
      ? await findToken({ value, tokenFile: path(value('HF_TOKEN_PATH') ?? join(hfHome, 'token')) })
      : { token: options.token, tokenOrigin: options.tokenOrigin ?? 'an option' };
  return {
    ...options,
    ...found,
    hubUrl: normaliseHubUrl(options.hubUrl || value('HF_ENDPOINT') || DEFAULT_HUB_URL),
    cacheDir: options.cacheDir ? resolve(options.cacheDir) : cache ? path(cache) : join(hfHome, 'hub'),
    offline: options.offline ?? offline,
  };
}

/** The address without trailing slashes. @throws HubError `hub/bad-address` */
export function normaliseHubUrl(address: string): string {
  const trimmed = address.trim().replace(/\/+$/, '');
  const url = URL.canParse(trimmed) ? new URL(trimmed) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.username !== '' || url.search !== '') {
    throw new HubError({
      code: 'hub/bad-address',
      message: `"${url === undefined ? trimmed : url.host}" is not the address of a Hub`,
      hint: 'give an address such as https://huggingface.co or http://localhost:8080, without a user or a query',
    });
  }
  return trimmed;
}

async function findToken(places: {
  value: (...names: string[]) => string | undefined;
  tokenFile: string;
}): Promise<Pick<HubOptions, 'token' | 'tokenOrigin'>> {
  if (TRUE_WORDS.has((places.value('HF_HUB_DISABLE_IMPLICIT_TOKEN') ?? '').toLowerCase())) return {};
  for (const name of ['HF_TOKEN', 'HUGGING_FACE_HUB_TOKEN']) {
    const token = places.value(name);
    if (token !== undefined) return { token, tokenOrigin: name };
  }
  const token = await readTokenFile(places.tokenFile);
  return token === undefined ? {} : { token, tokenOrigin: places.tokenFile };
}

async function readTokenFile(path: string): Promise<string | undefined> {
  try {
    const token = (await readFile(path, 'utf8')).trim();
    return token === '' ? undefined : token;
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new HubError({
      code: 'hub/token-file',
      where: path,
      message: `the token file cannot be read (${code ?? 'unknown error'})`,
      hint: 'mend its permissions, or set HF_TOKEN',
    });
  }
}
