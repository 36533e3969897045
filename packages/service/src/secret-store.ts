import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { getJson, listAll, toJson } from '@hubfuse/objects';
import { type ObjectStore, StoreError } from '@hubfuse/plugin';
import type { MasterKey } from './master-key.ts';
import { type RunLife, serviceKeys } from './store/keys-of-store.ts';

const CIPHER = 'aes-256-gcm';
const IV_BYTES = 12;

/** A secret as it lies in the store; everything in base64. */
interface Sealed {
  iv: string;
  tag: string;
  text: string;
}

/**
 * Tokens that callers gave for single runs, encrypted with AES-256-GCM under a key that is not in the store. A sealed token
 * opens for its own run alone. It is kept for one life of the run and wiped at its end: what ends late wipes no token of the next.
 */
export class SecretStore {
  readonly #store: ObjectStore;
  readonly #key: Uint8Array;

  constructor(options: { store: ObjectStore; master: MasterKey }) {
    this.#store = options.store;
    this.#key = options.master.derive('tokens of runs');
  }

  /** Keeps the token of a run, in place of an earlier one of the same life. */
  async keep(life: RunLife, token: string): Promise<void> {
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv(CIPHER, this.#key, iv).setAAD(Buffer.from(life.run));
    const text = Buffer.concat([cipher.update(token, 'utf8'), cipher.final()]).toString('base64');
    const sealed: Sealed = { iv: iv.toString('base64'), tag: cipher.getAuthTag().toString('base64'), text };
    await this.#store.put(serviceKeys.secret(life), toJson(sealed));
  }

  /**
   * The token of a run for the worker that executes it, or undefined where there is none. It stays: a run whose worker died
   * is taken up by another one.
   * @throws StoreError `service/secret-unreadable`
   */
  async take(life: RunLife): Promise<string | undefined> {
    const found = await getJson<Sealed>(this.#store, serviceKeys.secret(life));
    if (found === undefined) return undefined;
    const { iv, tag, text } = found.value;
    try {
      const decipher = createDecipheriv(CIPHER, this.#key, Buffer.from(iv, 'base64'), { authTagLength: 16 });
      decipher.setAAD(Buffer.from(life.run)).setAuthTag(Buffer.from(tag, 'base64'));
      return Buffer.concat([decipher.update(Buffer.from(text, 'base64')), decipher.final()]).toString('utf8');
    } catch (cause) {
      throw new StoreError({
        code: 'service/secret-unreadable',
        message: `the token of the run "${life.run}" cannot be opened`,
        hint: 'this process has another master key than the one that kept it, or the object was changed',
        cause,
      });
    }
  }

  /** Forgets the token of one life of a run. */
  async wipe(life: RunLife): Promise<void> {
    await this.#store.delete(serviceKeys.secret(life));
  }

  /** Forgets all tokens of a run. */
  async wipeAll(runId: string): Promise<void> {
    for await (const key of listAll(this.#store, serviceKeys.secretsOf(runId))) await this.#store.delete(key);
  }
}
