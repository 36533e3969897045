import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { getJson, toJson } from '@hubfuse/objects';
import type { ObjectStore } from '@hubfuse/plugin';
import type { Key } from '@hubfuse/service';

export const SESSION_COOKIE = 'hubfuse_session';

/** Seconds that a session lasts. */
export const SESSION_SECONDS = 12 * 60 * 60;

interface StoredSession {
  /** Id of the key that it was made with. */
  key: string;
  /** ISO 8601. */
  expiresAt: string;
  nonce: string;
}

/**
 * Sessions of browsers: objects in the store, so that any process of the service knows them. An object's name is a hash
 * of the cookie, which is kept nowhere.
 */
export class Sessions {
  readonly #store: ObjectStore;
  readonly #keyById: (id: string) => Promise<Key | undefined>;

  /** @param keyById What is known of a key: a session ends when its key is revoked. */
  constructor(options: { store: ObjectStore; keyById: (id: string) => Promise<Key | undefined> }) {
    this.#store = options.store;
    this.#keyById = options.keyById;
  }

  /** Begins a session of a key; returns what the cookie holds. */
  async begin(key: string): Promise<string> {
    const token = randomBytes(32).toString('base64url');
    const expiresAt = new Date(Date.now() + SESSION_SECONDS * 1000).toISOString();
    const session: StoredSession = { key, expiresAt, nonce: randomUUID() };
    await this.#store.put(objectOf(token), toJson(session));
    return token;
  }

  /** The key that a cookie stands for; undefined where the session is over or never was. */
  async find(token: string): Promise<Key | undefined> {
    if (!/^[A-Za-z0-9_-]{43}$/.test(token)) return undefined;
    const found = await getJson<StoredSession>(this.#store, objectOf(token));
    if (found === undefined) return undefined;
    if (Date.parse(found.value.expiresAt) <= Date.now()) {
      await this.end(token);
      return undefined;
    }
    const key = await this.#keyById(found.value.key);
    return key?.revokedAt === undefined ? key : undefined;
  }

  async end(token: string): Promise<void> {
    await this.#store.delete(objectOf(token));
  }
}

function objectOf(token: string): string {
  return `sessions/${createHash('sha256').update(token).digest('hex')}.json`;
}
