import type { MiddlewareHandler } from 'hono';
import type { ApiEnv } from './api-env.ts';

/** What answers may do that are no pages. */
const NOTHING = "default-src 'none'; frame-ancestors 'none'";

/** What our own pages may do: everything comes from this server, and neither script nor style stands in a page. */
export const PAGE_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; font-src 'self'; " +
  "base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/**
 * The same in a frame of another origin. The session's cookie is not sent there, so such a frame shows nobody's runs and can be
 * tricked into nothing.
 */
export function framedPolicy(origin: string): string {
  return PAGE_POLICY.replace("frame-ancestors 'none'", `frame-ancestors 'self' ${origin}`);
}

/** The same for Swagger UI, which sets styles of its elements. */
export const DOCS_POLICY = PAGE_POLICY.replace("style-src 'self'", "style-src 'self' 'unsafe-inline'");

/** A page that something else wrote: it may show itself and reach nothing. */
export const FOREIGN_PAGE_POLICY =
  "sandbox allow-scripts; default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:";

/** Sets what tells a browser to be strict. A handler may have set a policy of its own. */
export const securityHeaders: MiddlewareHandler<ApiEnv> = async function securingHeaders(c, next) {
  await next();
  const { headers } = c.res;
  const set = (name: string, value: string) => {
    if (!headers.has(name)) headers.set(name, value);
  };
  set('content-security-policy', NOTHING);
  set('x-content-type-options', 'nosniff');
  // It knows no origins; the policy, which every browser of today reads first, does.
  if (!/frame-ancestors 'self'/.test(headers.get('content-security-policy') ?? '')) set('x-frame-options', 'DENY');
  set('referrer-policy', 'no-referrer');
  set('cross-origin-opener-policy', 'same-origin');
  set('cross-origin-resource-policy', 'same-origin');
  set('permissions-policy', 'camera=(), microphone=(), geolocation=()');
  set('cache-control', 'no-store');
  // Browsers ignore it over plain HTTP.
  set('strict-transport-security', 'max-age=31536000');
};
