import { type JsonFormat, toJson } from '@hubfuse/objects';
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

/** Letters that came at the same time: one object. */
export interface Bundle {
  letters: readonly Letter[];
}

/** In version 1 each letter was an object of its own. */
export const BUNDLE_FORMAT: JsonFormat = {
  version: 2,
  migrate: (value): Bundle => ({ letters: [value as Letter] }),
};

/** Writes at the same time. A disk syncs one after another: more of them would wait for each other. */
const WRITES_AT_ONCE = 2;
/** A bundle takes no more than that; further letters are in the next. */
const MOST_LETTERS = 200;
const MOST_CHARACTERS = 2_000_000;

/** Letters that wait to be written together; several that say the same are one. */
interface Waiting {
  letters: Map<string, Letter>;
  characters: number;
  written: Promise<void>;
  write: () => Promise<void>;
}

/**
 * Stores letters for whoever waits for that. Those that come while others are being written are the next object together, so that
 * in a storm nobody waits for more than the write that is under way and their own, however slow the store is just then.
 */
class LetterCollector {
  readonly #store: ObjectStore;
  readonly #queue: Waiting[] = [];
  #writing = 0;

  constructor(store: ObjectStore) {
    this.#store = store;
  }

  add(letter: Letter): Promise<void> {
    const text = JSON.stringify(letter.payload);
    const waiting = this.#waitingFor(text);
    if (!waiting.letters.has(text)) {
      waiting.letters.set(text, letter);
      waiting.characters += text.length;
    }
    this.#begin();
    return waiting.written;
  }

  #waitingFor(text: string): Waiting {
    const last = this.#queue.at(-1);
    const hasRoom =
      last !== undefined && last.letters.size < MOST_LETTERS && last.characters + text.length <= MOST_CHARACTERS;
    if (hasRoom) return last;
    const next = this.#open();
    this.#queue.push(next);
    return next;
  }

  #open(): Waiting {
    const letters = new Map<string, Letter>();
    let settle: (written: Promise<void>) => void = () => undefined;
    const written = new Promise<void>((resolve) => {
      settle = resolve;
    });
    const write = async (): Promise<void> => {
      const stored = this.#store.create(
        serviceKeys.letter(wordOf(...letters.keys())),
        toJson({ letters: [...letters.values()] } satisfies Bundle, BUNDLE_FORMAT),
      );
      // Where the same letters wait already, they are as good.
      settle(stored.then(() => undefined));
      await stored.catch(() => undefined);
    };
    return { letters, characters: 0, written, write };
  }

  #begin(): void {
    while (this.#writing < WRITES_AT_ONCE) {
      const next = this.#queue.shift();
      if (next === undefined) return;
      this.#writing++;
      void next.write().then(() => {
        this.#writing--;
        this.#begin();
      });
    }
  }
}

const collectors = new WeakMap<ObjectStore, LetterCollector>();

/** The one of a store: all who take deliveries for it in this process share it. */
export function collectorOf(store: ObjectStore): LetterCollector {
  const known = collectors.get(store) ?? new LetterCollector(store);
  collectors.set(store, known);
  return known;
}
