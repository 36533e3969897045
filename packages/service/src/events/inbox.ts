import { getJson, listAll, toJson } from '@hubfuse/objects';
import type { ObjectStore } from '@hubfuse/plugin';
import { serviceKeys, wordOf } from '../store/keys-of-store.ts';
import type { HubPayload } from './hub-payload.ts';

/** A delivery that was taken and is not worked off yet. */
export interface Letter {
  payload: HubPayload;
  /** ISO 8601. */
  receivedAt: string;
  /** How often working it off has failed. */
  attempts: number;
  /** ISO 8601: not before then. */
  notBefore?: string;
}

/** A letter with the word that names it. */
export interface FiledLetter {
  word: string;
  letter: Letter;
}

const READ_AT_ONCE = 32;

/** Deliveries as objects: what was answered with success is never lost, and repetitions that wait meet each other. */
export class Inbox {
  readonly #store: ObjectStore;

  constructor(store: ObjectStore) {
    this.#store = store;
  }

  /** @returns false where the same delivery waits already */
  async add(payload: HubPayload, receivedAt: string): Promise<boolean> {
    const letter: Letter = { payload, receivedAt, attempts: 0 };
    return (
      (await this.#store.create(serviceKeys.letter(wordOf(JSON.stringify(payload))), toJson(letter))) !== undefined
    );
  }

  /** What waits, in the order in which it came. A letter that cannot be read is told of and does not hold up the others. */
  async read(onProblem: (error: unknown) => void = () => undefined): Promise<FiledLetter[]> {
    const passOver = (error: unknown): undefined => {
      onProblem(error);
    };
    const words: string[] = [];
    for await (const key of listAll(this.#store, serviceKeys.inbox)) {
      words.push(key.slice(serviceKeys.inbox.length, -'.json'.length));
    }
    const letters: FiledLetter[] = [];
    for (let start = 0; start < words.length; start += READ_AT_ONCE) {
      const some = words.slice(start, start + READ_AT_ONCE);
      const found = await Promise.all(some.map((word) => this.#open(word).catch(passOver)));
      for (const [index, word] of some.entries()) {
        const letter = found[index];
        if (letter !== undefined) letters.push({ word, letter });
      }
    }
    return letters.sort((a, b) => (a.letter.receivedAt < b.letter.receivedAt ? -1 : 1));
  }

  async #open(word: string): Promise<Letter | undefined> {
    return (await getJson<Letter>(this.#store, serviceKeys.letter(word)))?.value;
  }

  /** Lets a letter wait until a later time; a failure counts as an attempt. */
  async putOff({ word, letter }: FiledLetter, { until, failed }: { until: number; failed: boolean }): Promise<void> {
    const attempts = failed ? letter.attempts + 1 : letter.attempts;
    const next: Letter = { ...letter, attempts, notBefore: new Date(until).toISOString() };
    await this.#store.put(serviceKeys.letter(word), toJson(next));
  }

  async remove({ word }: FiledLetter): Promise<void> {
    await this.#store.delete(serviceKeys.letter(word));
  }
}
