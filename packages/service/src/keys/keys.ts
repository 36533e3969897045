import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { getJson, listAll, toJson } from '@hubfuse/objects';
import { type ObjectStore, UsageError } from '@hubfuse/plugin';
import type { MasterKey } from '../master-key.ts';
import { changeJson } from '../store/change-json.ts';
import { serviceKeys } from '../store/keys-of-store.ts';
import { checkNewKey, type NewKey } from './check-new-key.ts';
import type { Key } from './key.ts';

const PURPOSE = 'api keys';
const ID_BYTES = 6;
const SECRET_BYTES = 32;
const FORM = /^hfk_([0-9a-f]{12})_[A-Za-z0-9_-]{43}$/;
/** Milliseconds for which a key that opened is believed without looking again: a revoked one works that long. */
const TRUST_MS = 2_000;
const MOST_TRUSTED = 1_000;

/** A key as it lies in the store. */
interface StoredKey extends Key {
  /** HMAC-SHA256 of the whole key under the pepper. */
  hash: string;
}

/**
 * Keys of the API. A key is `hfk_<id>_<secret>`: its id finds the object, which holds a hash of it that is worth nothing
 * without the pepper, which is not in the store.
 */
export class Keys {
  readonly #store: ObjectStore;
  readonly #master: MasterKey;
  readonly #now: () => number;
  #exist: { answer: boolean; until: number } | undefined;
  readonly #trusted = new Map<string, { key: Key; until: number }>();

  constructor(options: { store: ObjectStore; master: MasterKey; now?: () => number }) {
    this.#store = options.store;
    this.#master = options.master;
    this.#now = options.now ?? Date.now;
  }

  /**
   * Makes a key. It is in the answer and nowhere else.
   * @throws UsageError `service/bad-key-settings`
   */
  async create(settings: NewKey): Promise<{ id: string; key: string }> {
    const { name, scopes, namespaces, s3, runsPerDay } = checkNewKey(settings);
    const id = randomBytes(ID_BYTES).toString('hex');
    const key = `hfk_${id}_${randomBytes(SECRET_BYTES).toString('base64url')}`;
    const stored: StoredKey = {
      ...{ id, name, scopes, namespaces, s3 },
      ...(runsPerDay === undefined ? {} : { runsPerDay }),
      createdAt: new Date(this.#now()).toISOString(),
      hash: this.#hash(key),
    };
    if ((await this.#store.create(serviceKeys.key(id), toJson(stored))) === undefined)
      return await this.create(settings);
    this.#exist = undefined;
    return { id, key };
  }

  /**
   * The key that stands for an account of the Hub: on it hang sessions, stored recipes and runs, as on any other. It is made when the
   * account first signs in, and has from then on what the account may do now.
   * @param account.subject what the account is known by for ever, whatever its name
   * @returns undefined where it was revoked, which keeps the account out
   * @throws UsageError `service/bad-key-settings`
   */
  async ofAccount(account: {
    subject: string;
    name: string;
    scopes: readonly string[];
    namespaces: readonly string[];
  }): Promise<Key | undefined> {
    const { name: title, scopes, namespaces } = checkNewKey({ ...account, name: `account ${account.name}` });
    const id = this.#master.digest('keys of accounts', account.subject).slice(0, 2 * ID_BYTES);
    // Who may make keys that publish anywhere may publish anywhere.
    const s3 = scopes.includes('admin') ? ['*'] : [];
    const wanted = { name: title, account: account.name, scopes, namespaces, s3 };
    // Nobody has a text with this hash.
    const made = {
      id,
      createdAt: new Date(this.#now()).toISOString(),
      hash: randomBytes(SECRET_BYTES).toString('hex'),
    };
    const changed = await changeJson<StoredKey>({ store: this.#store, key: serviceKeys.key(id) }, (found) => {
      if (found?.revokedAt !== undefined) return undefined;
      const next = { ...(found ?? made), ...wanted };
      return found !== undefined && JSON.stringify(next) === JSON.stringify(found) ? undefined : next;
    });
    this.#exist = undefined;
    return changed === undefined || changed.value.revokedAt !== undefined ? undefined : publicPart(changed.value);
  }

  /** The key that a text is, or undefined: not of the form, unknown, wrong, revoked. */
  async verify(text: string): Promise<Key | undefined> {
    const id = FORM.exec(text)?.[1];
    if (id === undefined) return undefined;
    // Memory does not hold keys either.
    const name = createHash('sha256').update(text).digest('base64');
    const trusted = this.#trusted.get(name);
    if (trusted !== undefined && trusted.until > this.#now()) return trusted.key;
    this.#trusted.delete(name);
    const hash = this.#hash(text);
    const found = await getJson<StoredKey>(this.#store, serviceKeys.key(id));
    if (found === undefined || !sameText(found.value.hash, hash)) return undefined;
    const key = publicPart(found.value);
    if (key.revokedAt !== undefined) return undefined;
    if (this.#trusted.size >= MOST_TRUSTED) this.#trusted.clear();
    this.#trusted.set(name, { key, until: this.#now() + TRUST_MS });
    return key;
  }

  /** What is known of a key, revoked or not. */
  async get(id: string): Promise<Key | undefined> {
    if (!/^[0-9a-f]{12}$/.test(id)) return undefined;
    const found = await getJson<StoredKey>(this.#store, serviceKeys.key(id));
    return found && publicPart(found.value);
  }

  /** All keys, revoked ones included, in the order in which they were made. */
  async list(): Promise<Key[]> {
    const keys: Key[] = [];
    for await (const path of listAll(this.#store, serviceKeys.keys)) {
      const found = await getJson<StoredKey>(this.#store, path);
      if (found !== undefined) keys.push(publicPart(found.value));
    }
    return keys.sort((a, b) => (a.createdAt < b.createdAt ? -1 : a.createdAt > b.createdAt ? 1 : 0));
  }

  /**
   * Whether any key opens: without one, a server may only listen on a loopback address. That other processes made or revoked
   * one is noticed within two seconds.
   */
  async exist(): Promise<boolean> {
    if (this.#exist !== undefined && this.#exist.until > this.#now()) return this.#exist.answer;
    const answer = (await this.list()).some(({ revokedAt }) => revokedAt === undefined);
    this.#exist = { answer, until: this.#now() + TRUST_MS };
    return answer;
  }

  /**
   * Ends a key. Other processes notice within two seconds. Doing it again does nothing.
   * @throws UsageError `service/unknown-key`
   */
  async revoke(id: string): Promise<Key> {
    if ((await this.get(id)) === undefined) throw unknownKey(id);
    const revokedAt = new Date(this.#now()).toISOString();
    const changed = await changeJson<StoredKey>({ store: this.#store, key: serviceKeys.key(id) }, (key) =>
      key === undefined || key.revokedAt !== undefined ? undefined : { ...key, revokedAt },
    );
    this.#trusted.clear();
    this.#exist = undefined;
    if (changed === undefined) throw unknownKey(id);
    return publicPart(changed.value);
  }

  #hash(key: string): string {
    return this.#master.digest(PURPOSE, key);
  }
}

/** Keys of an older version publish to no S3. */
function publicPart(stored: StoredKey): Key {
  const { id, name, account, scopes, namespaces, s3 = [], runsPerDay, createdAt, revokedAt } = stored;
  return {
    ...{ id, name, scopes, namespaces, s3, createdAt },
    ...(account === undefined ? {} : { account }),
    ...(runsPerDay === undefined ? {} : { runsPerDay }),
    ...(revokedAt === undefined ? {} : { revokedAt }),
  };
}

/** Compares without telling by its time how much of two texts is equal. */
export function sameText(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  // The length of a secret may be told; its content may not.
  return left.length === right.length && timingSafeEqual(left, right);
}

function unknownKey(id: string): UsageError {
  return new UsageError({
    code: 'service/unknown-key',
    message: `there is no key "${id.slice(0, 40)}"`,
    hint: 'list the keys to see their ids',
  });
}
