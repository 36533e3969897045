import { randomUUID } from 'node:crypto';
import type { JobStatus } from './types.ts';

/** A state change as EventBridge delivers it. */
export interface BatchEvent {
  version: '0';
  id: string;
  'detail-type': 'Batch Job State Change';
  source: 'aws.batch';
  account: string;
  time: string;
  region: string;
  resources: readonly string[];
  detail: { jobId: string; jobArn: string; status: JobStatus; [field: string]: unknown };
}

/** What becomes of one event: it may be lost, and it may come late, behind others that were sent after it. */
export type Delivery = (event: BatchEvent) => { drop?: boolean; delayMs?: number };

/** Hands events on, some of them late or never. */
export class EventChannel {
  readonly #listener: (event: BatchEvent) => void;
  readonly #delivery: Delivery;
  readonly #timers = new Set<NodeJS.Timeout>();

  constructor(listener: (event: BatchEvent) => void, delivery: Delivery) {
    this.#listener = listener;
    this.#delivery = delivery;
  }

  send(detail: BatchEvent['detail']): void {
    const event: BatchEvent = {
      version: '0',
      id: randomUUID(),
      'detail-type': 'Batch Job State Change',
      source: 'aws.batch',
      account: '123456789012',
      time: new Date().toISOString(),
      region: 'us-east-1',
      resources: [detail.jobArn],
      detail,
    };
    const { drop = false, delayMs = 0 } = this.#delivery(event);
    if (drop) return;
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.#listener(event);
    }, delayMs);
    this.#timers.add(timer);
  }

  close(): void {
    for (const timer of this.#timers) clearTimeout(timer);
  }
}
