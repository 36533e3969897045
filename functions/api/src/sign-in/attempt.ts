import { createHash, randomBytes } from 'node:crypto';

/**
 * One attempt to sign in. Everything that it is known by follows from one random word, which a cookie of the browser that began
 * it holds and nothing else: the server keeps nothing, and a callback of another browser fits no attempt.
 */
export interface Attempt {
  /** What the cookie holds. */
  secret: string;
  /** Comes back with the callback. */
  state: string;
  /** Comes back in the ID token. */
  nonce: string;
  /** Shown when the code is exchanged (RFC 7636): whoever has stolen a code lacks it. */
  verifier: string;
  /** Hash of the verifier, sent when the attempt begins. */
  challenge: string;
}

const FORM = /^[A-Za-z0-9_-]{43}$/;

export function beginAttempt(): Attempt {
  return attemptOf(randomBytes(32).toString('base64url'));
}

/** The attempt that a cookie stands for; undefined for what is no such cookie. */
export function findAttempt(secret: string | undefined): Attempt | undefined {
  return secret !== undefined && FORM.test(secret) ? attemptOf(secret) : undefined;
}

function attemptOf(secret: string): Attempt {
  const derived = (purpose: string) => hash(`hubfuse sign-in ${purpose} ${secret}`);
  const verifier = derived('verifier');
  return { secret, state: derived('state'), nonce: derived('nonce'), verifier, challenge: hash(verifier) };
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}
