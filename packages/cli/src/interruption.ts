import { setMaxListeners } from 'node:events';
import { EXIT_CODES } from './exit-codes.ts';

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/** Turns Ctrl-C and SIGTERM into an abort; a second signal ends the process at once. */
export class Interruption {
  readonly #controller = new AbortController();
  readonly #stop = () => {
    if (this.happened) process.exit(this.#exitCode);
    this.#controller.abort();
  };
  readonly #exitCode: number;

  /** @param exitCode of a second signal */
  constructor(exitCode: number = EXIT_CODES.interrupted.code) {
    this.#exitCode = exitCode;
    // Every request and every worker of a run listens; Node.js warns of a leak from the eleventh on.
    setMaxListeners(0, this.#controller.signal);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  get happened(): boolean {
    return this.signal.aborted;
  }

  listen(): void {
    for (const name of SIGNALS) process.on(name, this.#stop);
  }

  release(): void {
    for (const name of SIGNALS) process.off(name, this.#stop);
  }
}
