import { createHash } from 'node:crypto';

/** What our own pages send along with a session's cookie to change something; nobody else can know it. */
export function csrfToken(sessionToken: string): string {
  return createHash('sha256').update(`csrf:${sessionToken}`).digest('base64url');
}
