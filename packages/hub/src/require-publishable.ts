import { HubError } from '@hubfuse/plugin';
import { checkRepoId } from './addresses.ts';
import { DEFAULT_HUB_URL, type HubOptions } from './options.ts';
import { pin } from './pin.ts';
import { createTransport } from './transport.ts';
import { type HubAccount, whoAmI } from './who-am-i.ts';

/**
 * Asks, before the work whose result is to be published, what would make its publication fail for certain: no token, one
 * that may only read, or a repository that does not exist where the account can make none. Whatever the Hub does not
 * tell, as of fine-grained tokens and their namespaces, is left to the publication itself.
 * @throws HubError `hub/bad-repo-id`, `hub/no-token`, `hub/forbidden`, or one of the network's
 */
export async function requirePublishable(repo: string, options: HubOptions): Promise<void> {
  checkRepoId(repo, true);
  const account = await whoAmI(options);
  const origin = options.tokenOrigin ?? 'the options';
  if (account === undefined) {
    throw new HubError({
      code: 'hub/no-token',
      where: 'publish.hub',
      message: `publishing to ${repo} needs a token of the Hub, and there is none`,
      hint: 'log in with `hf auth login`, or set HF_TOKEN to a token that may write',
    });
  }
  if (account.role === 'read') {
    throw new HubError({
      code: 'hub/forbidden',
      where: 'publish.hub',
      message: `the token from ${origin} may only read, and publishing to ${repo} writes`,
      hint: `make a token with the role "write" at ${options.hubUrl ?? DEFAULT_HUB_URL}/settings/tokens`,
    });
  }
  const namespace = repo.slice(0, repo.indexOf('/'));
  if (mayCreate(account, namespace) || (await exists(repo, options))) return;
  throw new HubError({
    code: 'hub/forbidden',
    where: 'publish.hub',
    message: `there is no repository ${repo}, and the account ${account.name} of the token from ${origin} can make none in the namespace ${namespace}`,
    hint: `publish to a namespace of that account (${ownNamespaces(account).join(', ')}), or use a token of an account that may write to ${namespace}`,
  });
}

/** False only where the Hub says enough to know. */
function mayCreate(account: HubAccount, namespace: string): boolean {
  if (account.role !== 'write' || account.organisations === undefined) return true;
  return ownNamespaces(account).some((own) => own.toLowerCase() === namespace.toLowerCase());
}

function ownNamespaces({ name, organisations = [] }: HubAccount): string[] {
  return [name, ...organisations.filter(({ readOnly }) => !readOnly).map((organisation) => organisation.name)];
}

/** What cannot be told, because the Hub answers otherwise than expected, counts as existing. */
async function exists(repo: string, options: HubOptions): Promise<boolean> {
  try {
    await pin({ transport: createTransport(options), type: 'model', reference: { kind: 'hub', repo } });
  } catch (failure) {
    return !(failure instanceof HubError) || failure.code !== 'hub/repo-not-found';
  }
  return true;
}
