import { HubError } from '@hubfuse/plugin';

/** The addresses of an OpenID provider. */
export interface OpenIdProvider {
  issuer: string;
  authorization: string;
  token: string;
  userinfo: string;
}

const TIMEOUT_MS = 10_000;
const MOST_BYTES = 1_000_000;

/**
 * Asks a provider where its endpoints are. All of them have to be on the provider's own origin: the server speaks to nobody else.
 * @throws HubError `hub/sign-in`
 */
export async function discoverProvider(provider: string): Promise<OpenIdProvider> {
  const answer = await requestJson(`${provider}/.well-known/openid-configuration`);
  const endpoint = (name: string): string => {
    const address = answer[name];
    if (typeof address === 'string' && URL.canParse(address) && new URL(address).origin === new URL(provider).origin) {
      return address;
    }
    throw failed(provider, `it names no ${name} of its own`);
  };
  const { issuer } = answer;
  if (typeof issuer !== 'string') throw failed(provider, 'it does not say who it is');
  return {
    issuer,
    authorization: endpoint('authorization_endpoint'),
    token: endpoint('token_endpoint'),
    userinfo: endpoint('userinfo_endpoint'),
  };
}

/** The JSON object of an answer; redirects are not followed. @throws HubError `hub/sign-in`, which shows no secret */
export async function requestJson(address: string, init: RequestInit = {}): Promise<Record<string, unknown>> {
  let response: Response;
  try {
    response = await fetch(address, { ...init, redirect: 'error', signal: AbortSignal.timeout(TIMEOUT_MS) });
  } catch (cause) {
    throw failed(address, `it cannot be reached (${(cause as Error).message})`);
  }
  const text = await response.text();
  if (!response.ok) throw failed(address, `it answered ${response.status}`);
  try {
    const content: unknown = text.length > MOST_BYTES ? undefined : JSON.parse(text);
    if (typeof content === 'object' && content !== null) return content as Record<string, unknown>;
  } catch {
    // Said below.
  }
  throw failed(address, 'its answer is no JSON object');
}

function failed(where: string, why: string): HubError {
  return new HubError({
    code: 'hub/sign-in',
    where,
    message: `the Hub did not say who signs in: ${why}`,
    hint: 'try again; if it stays so, look at OPENID_PROVIDER_URL, OAUTH_CLIENT_ID and OAUTH_CLIENT_SECRET of the server',
  });
}
