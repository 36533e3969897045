import type { IncomingMessage, ServerResponse } from 'node:http';
import { HubError } from '@hubfuse/plugin';
import { flipByte, loseReply, sendOnly, slowDown } from './disturbed-reply.ts';
import type { Fault } from './fault.ts';
import { parseFaults } from './parse-faults.ts';

interface Pending {
  fault: Fault;
  skip: number;
  times: number;
}

/** Where faults are set over HTTP: GET shows what is left of them, PUT replaces them, DELETE removes them. */
const CONTROL_PATH = '/_faults';

/** Puts faults on requests, in the order in which they were set; a request meets one at most. */
export class FaultInjector {
  #pending: Pending[] = [];

  constructor(faults: readonly Fault[]) {
    this.set(faults);
  }

  /** Replaces all faults. @throws HubError `hub-server/bad-fault` */
  set(faults: readonly Fault[]): void {
    this.#pending = parseFaults(faults).map((fault) => ({ fault, skip: fault.skip ?? 0, times: fault.times ?? 1 }));
  }

  /** What is left: `skip` and `times` count down. */
  list(): Fault[] {
    return this.#pending.filter(({ times }) => times > 0).map(({ fault, skip, times }) => ({ ...fault, skip, times }));
  }

  /**
   * Lets a request meet its fault, if any.
   * @returns true where the request was answered or cut here, so that nobody else may answer it.
   */
  meet(incoming: IncomingMessage, outgoing: ServerResponse): boolean {
    if (incoming.url === CONTROL_PATH) {
      void this.#control(incoming, outgoing);
      return true;
    }
    const fault = this.#take(incoming);
    return fault !== undefined && apply(fault, incoming, outgoing);
  }

  #take(incoming: IncomingMessage): Fault | undefined {
    for (const pending of this.#pending) {
      const { method, path } = pending.fault;
      if (pending.times === 0) continue;
      if (method !== undefined && method.toUpperCase() !== incoming.method) continue;
      if (path !== undefined && !new RegExp(path).test(incoming.url ?? '')) continue;
      if (pending.skip > 0) {
        pending.skip--;
        continue;
      }
      pending.times--;
      return pending.fault;
    }
    return undefined;
  }

  async #control(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    try {
      if (incoming.method === 'PUT') {
        let text = '';
        for await (const chunk of incoming) text += String(chunk);
        this.set(JSON.parse(text) as Fault[]);
      } else if (incoming.method === 'DELETE') this.set([]);
      reply(outgoing, 200, this.list());
    } catch (error) {
      const message = error instanceof HubError ? error.summary : 'the body is not JSON';
      reply(outgoing, 400, { error: message });
    }
  }
}

function apply(fault: Fault, incoming: IncomingMessage, outgoing: ServerResponse): boolean {
  switch (fault.kind) {
    case 'status':
      refuse(fault, incoming, outgoing);
      return true;
    case 'cut-request':
      cutRequest(incoming, fault.afterBytes);
      return true;
    case 'cut':
      sendOnly(outgoing, fault.afterBytes);
      return false;
    case 'flip':
      flipByte(outgoing, fault.byte);
      return false;
    case 'slow':
      slowDown(outgoing, { delayMs: fault.delayMs ?? 0, bytesPerSecond: fault.bytesPerSecond });
      return false;
    case 'lose-reply':
      loseReply(outgoing);
      return false;
  }
}

function refuse(fault: Extract<Fault, { kind: 'status' }>, incoming: IncomingMessage, outgoing: ServerResponse): void {
  incoming.resume();
  if (fault.retryAfterSeconds !== undefined) outgoing.setHeader('Retry-After', String(fault.retryAfterSeconds));
  if (fault.rateLimit !== undefined) {
    const { remaining, resetSeconds } = fault.rateLimit;
    // The fields of draft-ietf-httpapi-ratelimit-headers as the Hub sends them.
    outgoing.setHeader('RateLimit', `"resolvers";r=${remaining};t=${resetSeconds}`);
    outgoing.setHeader('RateLimit-Policy', '"fixed window";"resolvers";q=5000;w=300');
  }
  reply(outgoing, fault.status, { error: `Status ${fault.status}, as was asked for` });
}

function cutRequest(incoming: IncomingMessage, afterBytes: number): void {
  let received = 0;
  const cut = () => incoming.socket.destroy();
  incoming.on('data', (chunk: Buffer) => {
    received += chunk.length;
    if (received >= afterBytes) cut();
  });
  incoming.on('end', cut);
}

function reply(outgoing: ServerResponse, status: number, body: unknown): void {
  outgoing.writeHead(status, { 'Content-Type': 'application/json' });
  outgoing.end(outgoing.req.method === 'HEAD' ? undefined : JSON.stringify(body));
}
