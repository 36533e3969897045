/** A pause that somebody may end early; a ring during work ends the next pause at once. */
export class Alarm {
  #rung = false;
  #end: (() => void) | undefined;

  ring(): void {
    this.#rung = true;
    this.#end?.();
  }

  /** Resolves after the pause, at a ring, or with the signal. */
  async wait(milliseconds: number, signal: AbortSignal): Promise<void> {
    if (!this.#rung && !signal.aborted) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(end, milliseconds);
        function end(): void {
          clearTimeout(timer);
          signal.removeEventListener('abort', end);
          resolve();
        }
        signal.addEventListener('abort', end, { once: true });
        this.#end = end;
      });
      this.#end = undefined;
    }
    this.#rung = false;
  }
}
