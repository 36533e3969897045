import { setMaxListeners } from 'node:events';
import { EXIT_CODES } from './exit-codes.ts';

/** Turns Ctrl-C and SIGTERM into an abort; a second signal ends the process at once. */
export class Interruption {
  readonly #controller = new AbortController();
  #exitCode: number | undefined;
  readonly #onInterrupt = () => this.#stop(EXIT_CODES.interrupted.code);
  readonly #onTerminate = () => this.#stop(EXIT_CODES.terminated.code);

  constructor() {
    // Every request and every worker of a run listens; Node.js warns of a leak from the eleventh on.
    setMaxListeners(0, this.#controller.signal);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** The exit code of the signal that came, if one came. */
  get exitCode(): number | undefined {
    return this.#exitCode;
  }

  listen(): void {
    process.on('SIGINT', this.#onInterrupt);
    process.on('SIGTERM', this.#onTerminate);
  }

  release(): void {
    process.off('SIGINT', this.#onInterrupt);
    process.off('SIGTERM', this.#onTerminate);
  }

  #stop(exitCode: number): void {
    if (this.#exitCode !== undefined) process.exit(this.#exitCode);
    this.#exitCode = exitCode;
    this.#controller.abort();
  }
}
