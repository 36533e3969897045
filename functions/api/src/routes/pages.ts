import type { DashboardFile } from '@hubfuse/dashboard';
import { Hono } from 'hono';
import type { ApiEnv } from '../http/api-env.ts';
import { DOCS_POLICY, framedPolicy, PAGE_POLICY } from '../http/security-headers.ts';
import type { ApiServices } from '../services.ts';

const IMMUTABLE = 'public, max-age=31536000, immutable';

/** The pages of the service: the dashboard at `/`, the documentation at `/docs`. They hold nothing that needs a key. */
export function pageRoutes({ dashboard, docs, framedBy }: ApiServices): Hono<ApiEnv> {
  const pages = new Hono<ApiEnv>();
  serve(pages, dashboard, framedBy === undefined ? PAGE_POLICY : framedPolicy(framedBy));
  serve(pages, docs, DOCS_POLICY);
  return pages;
}

function serve(pages: Hono<ApiEnv>, files: ReadonlyMap<string, DashboardFile>, policy: string): void {
  for (const [path, { body, contentType, immutable }] of files) {
    const bytes = Uint8Array.from(body);
    pages.get(path, (c) =>
      c.body(bytes, 200, {
        'content-type': contentType,
        'content-security-policy': policy,
        'cache-control': immutable ? IMMUTABLE : 'no-cache',
      }),
    );
  }
}
