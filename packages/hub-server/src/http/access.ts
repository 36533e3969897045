import { createHash } from 'node:crypto';
import type { Account, RepoType } from '../options.ts';
import type { RepoSettings, Repository } from '../storage/repository.ts';
import { HubRefusal, unauthorized } from './errors.ts';

/** Who may do what. */
export interface AccessRules {
  /** Accounts by token. */
  tokens: Readonly<Record<string, Account>>;
  /** Whether every other `hf_...` token is an account of its own that may write everywhere. */
  open: boolean;
}

/** The account behind a request; `everywhere` may write in any namespace. */
export interface Caller {
  name: string;
  orgs: readonly string[];
  role: 'read' | 'write';
  everywhere: boolean;
}

/**
 * The account of an `Authorization` header, or undefined where there is none.
 * @throws HubRefusal 401 where the token is not known.
 */
export function identify(authorization: string | undefined, rules: AccessRules): Caller | undefined {
  if (authorization === undefined) return undefined;
  const token = /^Bearer\s+(\S+)$/i.exec(authorization)?.[1] ?? '';
  const account = Object.hasOwn(rules.tokens, token) ? rules.tokens[token] : undefined;
  if (account !== undefined) {
    return { name: account.name, orgs: account.orgs ?? [], role: account.role ?? 'write', everywhere: false };
  }
  if (rules.open && /^hf_[A-Za-z0-9][A-Za-z0-9._-]*$/.test(token)) {
    return { name: unnamedAccount(token), orgs: [], role: 'write', everywhere: true };
  }
  throw new HubRefusal({ status: 401, message: 'Invalid credentials in Authorization header' });
}

/**
 * Name of the account of a token that nobody configured: the same for the same token. Account names stand in public, as
 * authors of commits, so it must not give the token away.
 */
function unnamedAccount(token: string): string {
  return `user-${createHash('sha256').update(token).digest('hex').slice(0, 8)}`;
}

/** Whether the namespace is the caller's own. */
export function ownsNamespace(caller: Caller | undefined, namespace: string): boolean {
  return caller !== undefined && (caller.everywhere || caller.name === namespace || caller.orgs.includes(namespace));
}

/** @throws HubRefusal 401 without a token, 403 where it may not write in the namespace. */
export function requireWrite(caller: Caller | undefined, namespace: string): Caller {
  const known = requireWriter(caller);
  if (ownsNamespace(known, namespace)) return known;
  throw new HubRefusal({
    status: 403,
    message: `You don't have the rights to write in the namespace "${namespace}"`,
  });
}

/** @throws HubRefusal 401 without a token, 403 where it may only read. */
export function requireWriter(caller: Caller | undefined): Caller {
  if (caller === undefined) throw unauthorized();
  if (caller.role === 'write') return caller;
  throw new HubRefusal({ status: 403, message: 'This token may only read: use a token with the role "write"' });
}

/** What a caller gets for a repository that is not there, or not for them: the two look the same. */
export function repoNotFound(caller: Caller | undefined): HubRefusal {
  if (caller === undefined) {
    return new HubRefusal({ status: 401, errorCode: 'RepoNotFound', message: 'Invalid username or password.' });
  }
  return new HubRefusal({ status: 404, errorCode: 'RepoNotFound', message: 'Repository not found' });
}

/** Whether the caller may know that the repository exists. */
export function maySee(caller: Caller | undefined, namespace: string, settings: RepoSettings): boolean {
  return !settings.private || ownsNamespace(caller, namespace);
}

/** @throws HubRefusal where the files of a repository are withheld from the caller. */
export function requireFileAccess({
  caller,
  repository,
  settings,
  url,
}: {
  caller: Caller | undefined;
  repository: Repository;
  settings: RepoSettings;
  url: string;
}): void {
  if (settings.gated === false || ownsNamespace(caller, repository.namespace)) return;
  if (caller !== undefined && settings.granted.includes(caller.name)) return;
  const where = `${describe(repository.type)} ${repository.id}`;
  throw new HubRefusal({
    status: caller === undefined ? 401 : 403,
    errorCode: 'GatedRepo',
    message:
      caller === undefined
        ? `Access to ${where} is restricted. You must have access to it and be authenticated to access it. Please log in.`
        : `Access to ${where} is restricted and you are not in the authorized list. Visit ${url} to ask for access.`,
  });
}

/** @throws HubRefusal where the Hub withholds the repository from everybody. */
export function requireEnabled(settings: RepoSettings): void {
  if (!settings.disabled) return;
  throw new HubRefusal({
    status: 403,
    errorCode: 'DisabledRepo',
    message: 'Access to this resource is disabled.',
  });
}

function describe(type: RepoType): string {
  return type === 'model' ? 'model' : 'dataset';
}
