import type { KernelMemory } from '@hubfuse/tensors';

interface Slot {
  address: number;
  /** What its values are; undefined while they are being written. */
  word: string | undefined;
  used: number;
}

/** Bytes to which rows are aligned. */
const ALIGNMENT = 64;

/**
 * Rows of float32 values that a worker thread keeps in its kernels' memory from one merge to the next: of each place (a piece of a
 * tensor) several versions, known by words.
 */
export class KeptRows {
  readonly #memory: KernelMemory;
  readonly #versions: number;
  readonly #end: number;
  readonly #places = new Map<string, Slot[]>();
  readonly #shortNames = new Map<string, string>();
  #next: number;
  #tick = 0;

  /**
   * @param options.bytes taken from `memory` at once
   * @param options.versions rows of one place, at most
   */
  constructor(options: { memory: KernelMemory; bytes: number; versions: number }) {
    const { memory, bytes, versions } = options;
    memory.reserve(bytes);
    this.#memory = memory;
    this.#versions = versions;
    this.#next = memory.bytes(bytes).byteOffset;
    this.#end = this.#next + bytes;
  }

  /** Bytes that one row takes. */
  static rowBytes(length: number): number {
    return Math.ceil((length * 4) / ALIGNMENT) * ALIGNMENT;
  }

  /** A short name for a long one, the same as long as rows are kept: what names places is looked up for every piece. */
  shortNameOf(long: string): string {
    const known = this.#shortNames.get(long);
    if (known !== undefined) return known;
    const short = `#${this.#shortNames.size}`;
    this.#shortNames.set(long, short);
    return short;
  }

  has(place: string, word: string): boolean {
    return this.#places.get(place)?.some((slot) => slot.word === word) === true;
  }

  /** A row that was kept; it must not be changed. */
  get(place: string, options: { word: string; length: number }): Float32Array | undefined {
    const slot = this.#places.get(place)?.find(({ word }) => word === options.word);
    if (slot === undefined) return undefined;
    slot.used = ++this.#tick;
    return this.#view(slot, options.length);
  }

  /** `keepAll` of one row. */
  keep(
    place: string,
    options: { word: string; length: number; alive: ReadonlySet<string>; fill(row: Float32Array): void },
  ): Float32Array | undefined {
    const { word, fill, ...others } = options;
    const fillOne = ([row]: readonly (Float32Array | undefined)[]) => row && fill(row);
    return this.keepAll(place, { ...others, words: [word], fill: fillOne })[0];
  }

  /**
   * Rows that `fill` gives their values at once, each kept under a word; undefined for those that there is no room for. The room of
   * versions that are not `alive` is taken first, then that of the one that was not used for longest.
   * @param options.alive words whose rows are in use, or will be needed again
   */
  keepAll(
    place: string,
    options: {
      words: readonly string[];
      length: number;
      alive: ReadonlySet<string>;
      fill(rows: readonly (Float32Array | undefined)[]): void;
    },
  ): readonly (Float32Array | undefined)[] {
    const { words, length, alive, fill } = options;
    const slots: (Slot | undefined)[] = [];
    for (const _ of words) slots.push(this.#room(place, { length, alive, taken: slots }));
    // Where filling fails nobody must find the rows.
    for (const slot of slots) if (slot !== undefined) slot.word = undefined;
    const rows = slots.map((slot) => slot && this.#view(slot, length));
    fill(rows);
    for (const [index, slot] of slots.entries()) {
      if (slot === undefined) continue;
      slot.word = words[index];
      slot.used = ++this.#tick;
    }
    return rows;
  }

  #room(
    place: string,
    { length, alive, taken }: { length: number; alive: ReadonlySet<string>; taken: readonly (Slot | undefined)[] },
  ): Slot | undefined {
    const slots = this.#places.get(place) ?? [];
    const bytes = KeptRows.rowBytes(length);
    if (slots.length < this.#versions && this.#next + bytes <= this.#end) {
      const slot: Slot = { address: this.#next, word: undefined, used: 0 };
      this.#next += bytes;
      this.#places.set(place, [...slots, slot]);
      return slot;
    }
    return slots
      .filter((slot) => !taken.includes(slot) && (slot.word === undefined || !alive.has(slot.word)))
      .reduce<Slot | undefined>(
        (oldest, slot) => (oldest === undefined || slot.used < oldest.used ? slot : oldest),
        undefined,
      );
  }

  /** Made anew at each use, since growing the memory detaches views. */
  #view({ address }: Slot, length: number): Float32Array {
    return new Float32Array(this.#memory.memory.buffer, address, length);
  }
}
