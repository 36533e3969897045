import { createRoute, z } from '@hono/zod-openapi';
import { HubfuseError } from '@hubfuse/plugin';
import { sameText } from '@hubfuse/service';
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import type { ApiContext } from '../http/api-env.ts';
import { ApiError } from '../http/api-error.ts';
import { json, problems } from '../http/documented.ts';
import type { BadKeys } from '../http/identify.ts';
import { createRouter } from '../http/router.ts';
import { SESSION_COOKIE, SESSION_SECONDS, type Sessions } from '../http/sessions.ts';
import type { ApiServices } from '../services.ts';
import { beginAttempt, findAttempt } from '../sign-in/attempt.ts';
import { exchangeCode } from '../sign-in/exchange-code.ts';
import { discoverProvider, type OpenIdProvider } from '../sign-in/open-id-provider.ts';
import { renderRefusal } from '../sign-in/render-refusal.ts';
import { namespacesOf, type SignedInAccount, type SignInSettings, scopeOf } from '../sign-in/sign-in.ts';

/** Of the browser that began to sign in. */
const ATTEMPT_COOKIE = 'hubfuse_sign_in';
const ATTEMPT_SECONDS = 600;

const ways = createRoute({
  method: 'get',
  path: '/v1/sign-in',
  tags: ['sessions'],
  summary: 'How a person can sign in',
  description: 'A key always does (`POST /v1/session`).',
  security: [],
  responses: {
    200: json(
      z
        .object({
          huggingface: z
            .boolean()
            .openapi({ description: 'Whether `/login/huggingface` signs in with an account of the Hub.' }),
        })
        .openapi('SignIn'),
      'The ways beside a key.',
    ),
    ...problems(),
  },
});

/** "Sign in with Hugging Face": to the Hub, and back with a code that says who it is. */
export function signInRoutes(services: ApiServices, { sessions, badKeys }: { sessions: Sessions; badKeys: BadKeys }) {
  const { signIn } = services;
  const router = createRouter().openapi(ways, (c) => c.json({ huggingface: signIn !== undefined }, 200));
  if (signIn === undefined) return router;
  let discovering: Promise<OpenIdProvider> | undefined;
  const provider = () => {
    discovering ??= discoverProvider(signIn.provider).catch((error: unknown) => {
      // The next attempt asks again.
      discovering = undefined;
      throw error;
    });
    return discovering;
  };

  router.get('/login/huggingface', (c) =>
    unlessRefused(c, async () => {
      const address = new URL((await provider()).authorization);
      const attempt = beginAttempt();
      const query = {
        ...{ response_type: 'code', client_id: signIn.clientId, redirect_uri: redirectOf(services) },
        ...{ scope: signIn.scopes ?? 'openid profile', state: attempt.state, nonce: attempt.nonce },
        ...{ code_challenge: attempt.challenge, code_challenge_method: 'S256' },
      };
      for (const [name, value] of Object.entries(query)) address.searchParams.set(name, value);
      // It has to come along when the Hub leads back, which a strict cookie would not.
      setCookie(c, ATTEMPT_COOKIE, attempt.secret, {
        ...{ httpOnly: true, sameSite: 'Lax', path: '/', maxAge: ATTEMPT_SECONDS },
        secure: isSecure(services),
      });
      return c.redirect(address.href, 302);
    }),
  );

  router.get('/login/callback', (c) =>
    unlessRefused(c, async () => {
      const account = await accountOf(c, { services, signIn, provider });
      const key = await admitted(services, signIn, account);
      setCookie(c, SESSION_COOKIE, await sessions.begin(key), {
        ...{ httpOnly: true, sameSite: 'Strict', path: '/', maxAge: SESSION_SECONDS },
        secure: isSecure(services),
      });
      return c.redirect(`${baseOf(services)}/`, 303);
    }),
  );

  /** A person is told on a page; whoever tries again and again is slowed down. */
  async function unlessRefused(c: ApiContext, work: () => Promise<Response>): Promise<Response> {
    badKeys.check(c);
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof HubfuseError)) throw error;
      const isTheirs = error instanceof ApiError && error.status < 500;
      const told = isTheirs ? badKeys.refusal(c, error) : error;
      const status = told instanceof ApiError ? told.status : 502;
      return c.html(renderRefusal(told, `${baseOf(services)}/`), status as 403);
    }
  }
  return router;
}

async function accountOf(
  c: ApiContext,
  options: { services: ApiServices; signIn: SignInSettings; provider: () => Promise<OpenIdProvider> },
): Promise<SignedInAccount> {
  const attempt = findAttempt(getCookie(c, ATTEMPT_COOKIE));
  // Each attempt is good for one callback.
  deleteCookie(c, ATTEMPT_COOKIE, { path: '/' });
  const { state, code, error } = c.req.query();
  if (attempt === undefined || state === undefined || !sameText(state, attempt.state)) {
    throw new ApiError({
      status: 403,
      code: 'auth/sign-in-state',
      message: 'this browser did not begin to sign in here, or too long ago',
      hint: 'begin at the page of this server, in one tab of one browser that keeps cookies',
    });
  }
  if (error !== undefined || code === undefined || code.length > 2_000) {
    throw new ApiError({
      status: 403,
      code: 'auth/sign-in-refused',
      message: error === 'access_denied' ? 'you did not let this server know who you are' : 'the Hub signed nobody in',
      hint: 'begin again at the page of this server',
    });
  }
  const { services, signIn: settings } = options;
  const provider = await options.provider();
  return await exchangeCode({ settings, provider, attempt, code, redirect: redirectOf(services) });
}

/** The id of the key that stands for an account. @throws ApiError where it may not come in */
async function admitted(
  { keys }: ApiServices,
  { admissions, provider }: SignInSettings,
  account: SignedInAccount,
): Promise<string> {
  const scope = scopeOf(account, admissions);
  const key =
    scope === undefined
      ? undefined
      : await keys.ofAccount({
          subject: `${provider} ${account.subject}`,
          name: account.name,
          scopes: [scope],
          namespaces: namespacesOf(account),
        });
  if (key !== undefined) return key.id;
  throw new ApiError({
    status: 403,
    code: 'auth/not-admitted',
    message: `the account ${account.name} may not use this server`,
    hint: 'ask whoever runs it to admit the account (`hubfuse serve --admit`)',
  });
}

/** Where people reach the server, without a slash at the end. */
function baseOf({ publicUrl }: ApiServices): string {
  return (publicUrl ?? '').replace(/\/+$/, '');
}

function redirectOf(services: ApiServices): string {
  return `${baseOf(services)}/login/callback`;
}

function isSecure(services: ApiServices): boolean {
  return baseOf(services).startsWith('https:');
}
