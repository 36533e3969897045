import type { Scope } from '@hubfuse/service';

/** Whoever may sign in with an account of the Hub, and what they may do then. */
export interface Admission {
  /** A user, an organisation (its members), or `*` for every account. */
  who: string;
  scope: Scope;
}

/** "Sign in with Hugging Face": how, and for whom. */
export interface SignInSettings {
  /** Of the OAuth app; a Space gets both from the Hub where its README says `hf_oauth: true`. */
  clientId: string;
  clientSecret: string;
  /** Address of the OpenID provider, without a slash at the end: https://huggingface.co. */
  provider: string;
  /** What the app may ask for, parted by spaces. Organisations may need `read-memberships`. Default `openid profile`. */
  scopes?: string | undefined;
  admissions: readonly Admission[];
}

/** An account as the provider describes it. */
export interface SignedInAccount {
  /** Never changes, whatever the account is called. */
  subject: string;
  name: string;
  organisations: readonly { name: string; mayWrite: boolean }[];
}

const RANK: readonly Scope[] = ['read', 'run', 'admin'];

/** What an account may do: the most that any admission which holds for it allows; undefined where none does. */
export function scopeOf(account: SignedInAccount, admissions: readonly Admission[]): Scope | undefined {
  const names = new Set(
    [account.name, ...account.organisations.map(({ name }) => name)].map((name) => name.toLowerCase()),
  );
  const scopes = admissions.filter(({ who }) => who === '*' || names.has(who.toLowerCase())).map(({ scope }) => scope);
  return RANK.findLast((scope) => scopes.includes(scope));
}

/** Where an account may publish with the token of the server, and read privately: its own namespace and where it may write. */
export function namespacesOf({ name, organisations }: SignedInAccount): string[] {
  return [name, ...organisations.filter(({ mayWrite }) => mayWrite).map((organisation) => organisation.name)];
}
