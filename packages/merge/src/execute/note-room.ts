import type { BlockNotes } from '@hubfuse/plugin';
import type { KernelMemory } from '@hubfuse/tensors';

const VALUE_BYTES = 4;
/** Values that rows are aligned to. */
const ALIGNMENT = 16;

/** A piece of the room. */
interface Place {
  address: number;
  values: number;
}

/**
 * Room in one worker's memory for what a merge's sweeps leave of blocks, handed out block after block: what a block has cut off goes to
 * the next one.
 */
export class NoteRoom {
  readonly #memory: KernelMemory;
  readonly #end: number;
  readonly #notes = new Map<string, BlockNotes>();
  #next: number;

  /** @param options.bytes taken from `memory` at once: pages that nobody writes to cost nothing */
  constructor(options: { memory: KernelMemory; bytes: number }) {
    const { memory, bytes } = options;
    memory.reserve(bytes);
    this.#memory = memory;
    this.#next = memory.bytes(bytes).byteOffset;
    this.#end = this.#next + bytes;
  }

  /** The notes of a block, the same as long as this merge lasts. Their room is taken when it is first asked for. */
  of(block: string, values: number): BlockNotes {
    const known = this.#notes.get(block);
    if (known !== undefined) return known;
    const take = () => this.#take(values);
    const view = (place: Place) => this.#view(place);
    const cut = (place: Place, left: number) => this.#cut(place, left);
    let place: Place | undefined;
    const notes: BlockNotes = {
      content: undefined,
      get room() {
        place ??= take();
        return place && view(place);
      },
      cut(left) {
        if (place !== undefined) cut(place, left);
      },
    };
    this.#notes.set(block, notes);
    return notes;
  }

  #take(values: number): Place | undefined {
    const address = this.#next;
    if (endOf({ address, values }) > this.#end) return undefined;
    this.#next = endOf({ address, values });
    return { address, values };
  }

  /** Made anew at each use, since growing the memory detaches views. */
  #view({ address, values }: Place): Float32Array {
    return new Float32Array(this.#memory.memory.buffer, address, values);
  }

  #cut(place: Place, left: number): void {
    // What lies behind an earlier place belongs to others already.
    if (this.#next !== endOf(place)) return;
    place.values = left;
    this.#next = endOf(place);
  }
}

function endOf({ address, values }: Place): number {
  return address + Math.ceil(values / ALIGNMENT) * ALIGNMENT * VALUE_BYTES;
}
