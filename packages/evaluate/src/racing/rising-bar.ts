/**
 * What a candidate must beat while candidates are judged side by side: those before it may still raise it. A candidate may
 * be given up against the bar as it stands, since a bar never falls; its verdict waits until the bar is settled.
 */
export class RisingBar {
  /** Resolves when the bar will not rise any more. */
  readonly settled: Promise<void>;
  #resolve: () => void = () => {};
  #value: number;

  constructor(value: number) {
    this.#value = value;
    this.settled = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  get value(): number {
    return this.#value;
  }

  /** A lower value changes nothing. */
  raise(value: number): void {
    this.#value = Math.max(this.#value, value);
  }

  /** Raises it for the last time. */
  settle(value: number): void {
    this.raise(value);
    this.#resolve();
  }
}
