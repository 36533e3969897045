import { HubError } from '@hubfuse/plugin';
import type { Attempt } from './attempt.ts';
import { type OpenIdProvider, requestJson } from './open-id-provider.ts';
import type { SignedInAccount, SignInSettings } from './sign-in.ts';

/** Seconds by which the provider's clock may differ. */
const CLOCK_SECONDS = 60;

/**
 * Exchanges the code of a callback and asks who it is. The access token is used for that alone and kept nowhere.
 * @throws HubError `hub/sign-in`
 */
export async function exchangeCode(options: {
  settings: SignInSettings;
  provider: OpenIdProvider;
  attempt: Attempt;
  code: string;
  redirect: string;
}): Promise<SignedInAccount> {
  const { settings, provider, attempt, code, redirect } = options;
  const { clientId, clientSecret } = settings;
  const basic = Buffer.from(`${encodeURIComponent(clientId)}:${encodeURIComponent(clientSecret)}`).toString('base64');
  const tokens = await requestJson(provider.token, {
    method: 'POST',
    headers: { authorization: `Basic ${basic}`, accept: 'application/json' },
    body: new URLSearchParams({
      grant_type: 'authorization_code',
      client_id: clientId,
      ...{ code, redirect_uri: redirect, code_verifier: attempt.verifier },
    }),
  });
  const { access_token: access, id_token: identity } = tokens;
  if (typeof access !== 'string') throw refused(provider, 'it gave no access token');
  const claims = identity === undefined ? undefined : claimsOf(identity, provider);
  if (claims !== undefined) checkClaims(claims, { provider, clientId, nonce: attempt.nonce });
  const user = await requestJson(provider.userinfo, { headers: { authorization: `Bearer ${access}` } });
  if (claims !== undefined && claims.sub !== user.sub) throw refused(provider, 'its ID token is of somebody else');
  return accountOf(user, provider);
}

/**
 * The claims of an ID token. It came over TLS from the token endpoint itself, which stands for a check of its signature
 * (OpenID Connect Core 3.1.3.7).
 */
function claimsOf(token: unknown, provider: OpenIdProvider): Record<string, unknown> {
  const payload = typeof token === 'string' ? token.split('.')[1] : undefined;
  try {
    const claims: unknown = JSON.parse(Buffer.from(payload ?? '', 'base64url').toString());
    if (typeof claims === 'object' && claims !== null) return claims as Record<string, unknown>;
  } catch {
    // Said below.
  }
  throw refused(provider, 'its ID token is none');
}

function checkClaims(
  claims: Record<string, unknown>,
  { provider, clientId, nonce }: { provider: OpenIdProvider; clientId: string; nonce: string },
): void {
  const { iss, aud, exp } = claims;
  if (iss !== provider.issuer) throw refused(provider, 'its ID token is of another issuer');
  if (aud !== clientId && !(Array.isArray(aud) && aud.includes(clientId))) {
    throw refused(provider, 'its ID token is for another app');
  }
  if (typeof exp !== 'number' || exp + CLOCK_SECONDS < Date.now() / 1000)
    throw refused(provider, 'its ID token is old');
  // The verifier binds the code to this browser already; a provider that leaves the nonce out weakens nothing.
  if (claims.nonce !== undefined && claims.nonce !== nonce)
    throw refused(provider, 'its ID token is of another attempt');
}

function accountOf(user: Record<string, unknown>, provider: OpenIdProvider): SignedInAccount {
  const { sub: subject, preferred_username: name, orgs } = user;
  if (typeof subject !== 'string' || subject === '' || typeof name !== 'string' || !isName(name)) {
    throw refused(provider, 'it names no account');
  }
  const organisations = (Array.isArray(orgs) ? orgs : []).flatMap((value: unknown) => {
    const organisation = (value ?? {}) as Record<string, unknown>;
    const { preferred_username: of, roleInOrg: role, securityRestrictions: restrictions } = organisation;
    // A member who has not met what an organisation asks for (a second factor, say) is kept out by the Hub as well.
    if (Array.isArray(restrictions) && restrictions.length > 0) return [];
    return typeof of === 'string' && isName(of) ? [{ name: of, mayWrite: role === 'admin' || role === 'write' }] : [];
  });
  return { subject, name, organisations };
}

function isName(name: string): boolean {
  return /^[A-Za-z0-9][\w.-]{0,95}$/.test(name);
}

function refused({ issuer }: OpenIdProvider, why: string): HubError {
  return new HubError({
    code: 'hub/sign-in',
    where: issuer,
    message: `the Hub did not say who signs in: ${why}`,
    hint: 'begin again at the page of this server',
  });
}
