import type { Admission, SignInSettings } from '@hubfuse/api';
import { UsageError } from '@hubfuse/plugin';
import type { Environment } from './environment.ts';

const SCOPES = ['read', 'run', 'admin'] as const;

/**
 * How accounts of the Hub sign in to a server, and which; undefined where there is no OAuth app.
 * @throws UsageError `usage/admit`, `usage/nobody-admitted`
 */
export function signInSettings(options: {
  environment: Pick<Environment, 'oauth' | 'space'>;
  /** `account[:scope]`, as the command line gives them. */
  admit: readonly string[];
  hubUrl: string | undefined;
}): SignInSettings | undefined {
  const { environment, admit, hubUrl } = options;
  const { oauth, space } = environment;
  if (oauth === undefined) {
    if (admit.length === 0) return undefined;
    throw new UsageError({
      code: 'usage/admit',
      message: 'accounts are admitted, and there is no OAuth app by which they sign in',
      hint: 'set OAUTH_CLIENT_ID and OAUTH_CLIENT_SECRET, or `hf_oauth: true` in the README of a Space',
    });
  }
  const admissions = admit.map(admissionOf);
  const owner = space?.owner;
  if (admit.length === 0 && owner !== undefined) admissions.push({ who: owner, scope: 'admin' });
  if (admissions.length === 0) {
    throw new UsageError({
      code: 'usage/nobody-admitted',
      message: 'there is an OAuth app, and nobody is admitted',
      hint: 'add --admit <account>:admin',
    });
  }
  const { clientId, clientSecret, scopes } = oauth;
  const provider = (oauth.provider ?? hubUrl ?? 'https://huggingface.co').replace(/\/+$/, '');
  return { clientId, clientSecret, provider, admissions, ...(scopes === undefined ? {} : { scopes }) };
}

function admissionOf(text: string): Admission {
  const [, who, name = 'run'] = /^(\*|[A-Za-z0-9][\w.-]{0,95})(?::([a-z]+))?$/.exec(text) ?? [];
  const scope = SCOPES.find((known) => known === name);
  if (who !== undefined && scope !== undefined) return { who, scope };
  throw new UsageError({
    code: 'usage/admit',
    message: `"${text}" says not who is admitted to what`,
    hint: 'name an account, an organisation or *, with :read, :run or :admin behind it',
  });
}
