import type { HubEvent } from '@hubfuse/hub';
import type { PhaseName, RunEvent, RunProgress } from '@hubfuse/runs';

/** What a phase has cost. */
export interface PhaseFigures {
  phase: PhaseName;
  seconds: number;
  /** Bytes that came from the Hub while it ran; what the cache held already is none. */
  downloaded: number;
  /** Bytes that its own progress counted beyond downloads: what a publication sent. */
  sent: number;
}

/** Adds up what each phase moves, from what an execution says. */
export class PhaseMeter {
  readonly #now: () => number;
  /** Bytes of each file that were on the disk when it was last heard of. */
  readonly #received = new Map<string, number>();
  #phase: PhaseName | undefined;
  #startedAt = 0;
  #downloaded = 0;
  #sent = 0;

  /** @param now milliseconds of a clock that never goes back */
  constructor(now: () => number) {
    this.#now = now;
  }

  get phase(): PhaseName | undefined {
    return this.#phase;
  }

  hearHub(event: HubEvent): void {
    if (event.type !== 'download') return;
    const file = `${event.repo}/${event.path}`;
    const before = this.#received.get(file);
    this.#received.set(file, event.received);
    // What is first heard of a file says how much of it was there before.
    const first = event.state === 'cached' || event.state === 'resumed' || event.state === 'started';
    this.#downloaded += before === undefined && first ? 0 : Math.max(0, event.received - (before ?? 0));
  }

  hearProgress({ phase, unit, done }: RunProgress): void {
    if (phase === 'publish' && unit === 'bytes') this.#sent = Math.max(this.#sent, done);
  }

  /** Returns the figures of a phase that ends with this event. */
  hearRun(event: RunEvent): PhaseFigures | undefined {
    if (event.type === 'phase-started') {
      this.#phase = event.phase;
      this.#startedAt = this.#now();
      this.#downloaded = 0;
      this.#sent = 0;
    }
    if (event.type !== 'phase-done') return undefined;
    this.#phase = undefined;
    const seconds = Math.round(this.#now() - this.#startedAt) / 1000;
    return { phase: event.phase, seconds, downloaded: this.#downloaded, sent: this.#sent };
  }
}
