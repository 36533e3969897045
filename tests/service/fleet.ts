import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openStore } from '@hubfuse/objects';
import type { ObjectStore } from '@hubfuse/plugin';
import { fullRegistry } from '../runs/harness.ts';
import type { ExampleHub } from '../support/example-hub.ts';
import { type Asked, type AskOptions, type Served, serve } from './served.ts';

/** Where the objects of a fleet lie, and what its processes need to reach them. */
export interface FleetStore {
  location: string;
  variables: Readonly<Record<string, string>>;
}

const CONNECTION_PAUSE_MS = 100;
/** A server that was killed starts again; how long that takes is a matter of the machine. */
const LONGEST_OUTAGE_MS = 180_000;

/** One server of a fleet, which may be killed and started again. */
export class FleetMember {
  readonly #start: (port: string) => Promise<Served>;
  #served: Served;

  static async start(start: (port: string) => Promise<Served>): Promise<FleetMember> {
    return new FleetMember(start, await start('0'));
  }

  private constructor(start: (port: string) => Promise<Served>, served: Served) {
    this.#start = start;
    this.#served = served;
  }

  get url(): string {
    return this.#served.url;
  }

  get pid(): number | undefined {
    return this.#served.child.pid;
  }

  get output(): string {
    return this.#served.output();
  }

  /** Asks it, again and again where it is just being killed. */
  async ask(method: string, path: string, options: AskOptions = {}): Promise<Asked> {
    for (const end = Date.now() + LONGEST_OUTAGE_MS; ; ) {
      try {
        return await this.#served.ask(method, path, options);
      } catch (error) {
        if (Date.now() > end) throw error;
        await sleep(CONNECTION_PAUSE_MS);
      }
    }
  }

  /** Ends it without a word (SIGKILL), and waits until it is gone. */
  async kill(): Promise<void> {
    const { child } = this.#served;
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  }

  /** Starts it again at the address that it had, where it is dead. */
  async revive(): Promise<void> {
    const { child, url } = this.#served;
    if (child.exitCode === null && child.signalCode === null) return;
    this.#served = await this.#start(new URL(url).port);
  }

  async stop(): Promise<void> {
    const { child } = this.#served;
    if (child.exitCode === null && child.signalCode === null) await this.#served.stop();
  }
}

/** Servers in processes of their own over one store: some answer requests, some execute runs. */
export class Fleet {
  readonly hub: ExampleHub;
  readonly store: ObjectStore;
  readonly apis: readonly FleetMember[];
  readonly workers: readonly FleetMember[];

  static async start(options: {
    hub: ExampleHub;
    store: FleetStore;
    apis: number;
    /** Launcher of each of those that execute runs. */
    workers: readonly ('in-process' | 'local')[];
    argv?: readonly string[];
  }): Promise<Fleet> {
    const { hub, store, apis, workers, argv = [] } = options;
    const shared = {
      ...store.variables,
      HUBFUSE_STORE: store.location,
      HUBFUSE_MASTER_KEY: randomBytes(32).toString('hex'),
      HUBFUSE_WEBHOOK_SECRET: 'secret of the fleet',
    };
    const member = (name: string, more: readonly string[]) =>
      FleetMember.start((port) =>
        serve(hub, {
          ...{ name, port },
          argv: [...more, ...argv],
          // Each as if on a machine of its own: what one has downloaded another does not have.
          variables: { ...shared, HF_HOME: join(hub.work, name, 'huggingface') },
        }),
      );
    const [answering, executing, opened] = await Promise.all([
      Promise.all(Array.from({ length: apis }, (_, index) => member(`api-${index}`, ['--concurrency', '0']))),
      Promise.all(workers.map((launcher, index) => member(`worker-${index}`, ['--launcher', launcher]))),
      openStore(store.location, await fullRegistry()),
    ]);
    return new Fleet({ hub, store: opened, apis: answering, workers: executing });
  }

  private constructor(parts: Pick<Fleet, 'hub' | 'store' | 'apis' | 'workers'>) {
    this.hub = parts.hub;
    this.store = parts.store;
    this.apis = parts.apis;
    this.workers = parts.workers;
  }

  /** The server that answers the n-th request, in turn. */
  api(turn: number): FleetMember {
    const member = this.apis[turn % this.apis.length];
    if (member === undefined) throw new Error('the fleet has no server that answers');
    return member;
  }

  async stop(): Promise<void> {
    await Promise.all([...this.apis, ...this.workers].map((member) => member.stop()));
  }
}
