import { getJson, listAll, toJson } from '@hubfuse/objects';
import type { ObjectStore } from '@hubfuse/plugin';
import { serviceKeys } from '../store/keys-of-store.ts';
import type { HubPayload } from './hub-payload.ts';
import { BUNDLE_FORMAT, type Bundle, collectorOf, type Letter } from './letter-collector.ts';

/** Letters that were put aside together, with the word that names them. */
export interface FiledBundle {
  word: string;
  letters: readonly Letter[];
}

const READ_AT_ONCE = 32;

/** Deliveries as objects: what was answered with success is never lost, and repetitions that wait meet each other. */
export class Inbox {
  readonly #store: ObjectStore;

  constructor(store: ObjectStore) {
    this.#store = store;
  }

  /** Resolves when the delivery is stored. One write is all that is waited for. */
  async add(payload: HubPayload, receivedAt: string): Promise<void> {
    await collectorOf(this.#store).add({ payload, receivedAt, attempts: 0 });
  }

  /** What waits, in the order in which it came. What cannot be read is told of and does not hold up the rest. */
  async read(onProblem: (error: unknown) => void = () => undefined): Promise<FiledBundle[]> {
    const passOver = (error: unknown): undefined => {
      onProblem(error);
    };
    const words: string[] = [];
    for await (const key of listAll(this.#store, serviceKeys.inbox)) {
      words.push(key.slice(serviceKeys.inbox.length, -'.json'.length));
    }
    const bundles: FiledBundle[] = [];
    for (let start = 0; start < words.length; start += READ_AT_ONCE) {
      const some = words.slice(start, start + READ_AT_ONCE);
      const found = await Promise.all(some.map((word) => this.#open(word).catch(passOver)));
      for (const [index, word] of some.entries()) {
        const bundle = found[index];
        if (bundle !== undefined) bundles.push({ word, letters: bundle.letters });
      }
    }
    const since = ({ letters }: FiledBundle): string => letters[0]?.receivedAt ?? '';
    return bundles.sort((a, b) => (since(a) < since(b) ? -1 : 1));
  }

  async #open(word: string): Promise<Bundle | undefined> {
    return (await getJson<Bundle>(this.#store, serviceKeys.letter(word), BUNDLE_FORMAT))?.value;
  }

  /** Puts in the place of a bundle what is left of it: letters that have to wait. */
  async settle({ word, letters }: FiledBundle, left: readonly Letter[]): Promise<void> {
    if (left.length === 0) await this.#store.delete(serviceKeys.letter(word));
    else if (left.length < letters.length || left.some((letter, index) => letter !== letters[index])) {
      await this.#store.put(serviceKeys.letter(word), toJson({ letters: left } satisfies Bundle, BUNDLE_FORMAT));
    }
  }
}

/** The letter as one that waits until a later time; a failure counts as an attempt. */
export function putOff(letter: Letter, { until, failed }: { until: number; failed: boolean }): Letter {
  const attempts = failed ? letter.attempts + 1 : letter.attempts;
  return { ...letter, attempts, notBefore: new Date(until).toISOString() };
}
