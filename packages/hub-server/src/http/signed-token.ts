import { createHmac, timingSafeEqual } from 'node:crypto';
import { HubRefusal } from './errors.ts';

/** A token that only this Hub can have made; `content` is plain to read for whoever holds it. */
export function signToken(secret: string, { content, expires }: { content: object; expires: number }): string {
  const text = Buffer.from(JSON.stringify({ content, expires })).toString('base64url');
  return `${text}.${signature(secret, text)}`;
}

/** The content of a token. @throws HubRefusal 401 where it is not ours or too old. */
export function verifyToken(secret: string, token: string): object {
  const [text = '', given = ''] = token.split('.');
  const right = Buffer.from(signature(secret, text));
  const presented = Buffer.from(given);
  if (presented.length !== right.length || !timingSafeEqual(presented, right)) throw refused();
  const { content, expires } = JSON.parse(Buffer.from(text, 'base64url').toString()) as {
    content: object;
    expires: number;
  };
  if (expires < Date.now() / 1000) throw refused();
  return content;
}

function refused(): HubRefusal {
  return new HubRefusal({ status: 401, message: 'The access token is not valid or has expired' });
}

function signature(secret: string, text: string): string {
  return createHmac('sha256', secret).update(`token ${text}`).digest('base64url');
}
