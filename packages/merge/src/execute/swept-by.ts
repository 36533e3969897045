import type { BlockReference } from './units.ts';

/** Which worker has swept each block last: what the sweep has left of it is there and nowhere else. */
export class SweptBy {
  readonly #workers = new Map<string, number>();

  note(blocks: readonly BlockReference[], worker: number): void {
    for (const block of blocks) this.#workers.set(keyOf(block), worker);
  }

  /** The worker that has swept the middle of a unit; undefined where none has. */
  of(unit: readonly BlockReference[]): number | undefined {
    const middle = unit[Math.floor(unit.length / 2)];
    return middle && this.#workers.get(keyOf(middle));
  }
}

function keyOf({ tensor, offset }: BlockReference): string {
  return `${tensor} ${offset}`;
}
