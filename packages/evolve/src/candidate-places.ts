import { join } from 'node:path';

/** Folders that candidates are written to, one after the other: a file that is there already is written over in place. */
export class CandidatePlaces {
  readonly #folders: readonly { folder: string; places: number }[];
  readonly #free: string[] = [];
  #made = 0;

  /** @param folders each with the number of candidates that it may hold; the last one holds all others */
  constructor(folders: readonly { folder: string; places: number }[]) {
    this.#folders = folders;
  }

  take(): string {
    return this.#free.pop() ?? this.#make();
  }

  /** Gives a place back whose files nobody reads any more. */
  giveBack(place: string): void {
    this.#free.push(place);
  }

  #make(): string {
    const number = this.#made++;
    let before = 0;
    for (const { folder, places } of this.#folders) {
      before += places;
      if (number < before) return join(folder, `candidate-${number}`);
    }
    throw new RangeError('there is no folder for another candidate');
  }
}
