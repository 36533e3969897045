import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createWebhook, type HubOptions } from '@hubfuse/hub';
import { openStore } from '@hubfuse/objects';
import type { Job, Launcher, ObjectStore } from '@hubfuse/plugin';
import { type ExecutionOptions, executeRun, listRuns, type RunRecord, readRun } from '@hubfuse/runs';
import { Dispatcher, MasterKey, openServices, receiveHubEvent, type Services } from '@hubfuse/service';
import { fullRegistry } from '../runs/harness.ts';
import { type ExampleHub, startExampleHub } from '../support/example-hub.ts';

/** A message of the service about the end of a run. */
export interface ReceivedNotice {
  signature: string;
  timestamp: string;
  body: string;
}

/** Executes runs in this process. */
const launcher: Launcher = {
  kind: 'launcher',
  name: 'here',
  description: 'in this process',
  async submit({ run, execution }: Job) {
    const ended = executeRun({ ...(execution as ExecutionOptions), runId: run }).then(() => undefined);
    ended.catch(() => undefined);
    return { handle: run, ended };
  },
  describe: async () => ({ status: 'failed' }),
  cancel: async () => undefined,
  async *logs() {},
};

/**
 * The example Hub, services over a folder whose webhook it calls, and dispatchers that do the work: everything but the API
 * itself.
 */
export class TriggeredService {
  readonly hub: ExampleHub;
  readonly services: Services;
  readonly notices: ReceivedNotice[] = [];
  readonly problems: unknown[] = [];
  /** Bodies of deliveries, as they came. */
  readonly deliveries: unknown[] = [];
  readonly #server: Server;
  readonly #stop = new AbortController();
  #working: Promise<unknown> = Promise.resolve();

  static async start(options: { dispatchers: number }): Promise<TriggeredService> {
    const you = { name: 'you', orgs: ['hubfuse-examples'] };
    const hub = await startExampleHub({ tokens: { hf_you: you, hf_eve: { name: 'eve' } } });
    const registry = await fullRegistry();
    const store = await openStore(join(hub.work, 'service'), registry);
    const access: HubOptions = { hubUrl: hub.url, token: 'hf_you', cacheDir: join(hub.work, 'cache') };
    const master = new MasterKey(new Uint8Array(32).fill(5));
    const open = () => openServices({ store, registry, hub: access, master });
    const service = new TriggeredService(hub, open());
    await new Promise<void>((resolve) => service.#server.listen(0, '127.0.0.1', resolve));
    await createWebhook({
      url: `${service.#address}/hub`,
      watched: ['hubfuse-examples', 'you'].map((name) => ({ type: 'user', name })),
      options: access,
    });
    const workers = Array.from({ length: options.dispatchers }, (_, index) =>
      service.#dispatcher(index === 0 ? service.services : open()),
    );
    service.#working = Promise.all(workers.map((worker) => worker.run(service.#stop.signal)));
    return service;
  }

  private constructor(hub: ExampleHub, services: Services) {
    this.hub = hub;
    this.services = services;
    this.#server = createServer(async (request, response) => {
      let text = '';
      for await (const chunk of request) text += String(chunk);
      if (request.url === '/hub') {
        this.deliveries.push(JSON.parse(text));
        await receiveHubEvent(services, JSON.parse(text));
      } else {
        const { 'x-hubfuse-signature': signature, 'x-hubfuse-timestamp': timestamp } = request.headers;
        this.notices.push({ signature: String(signature), timestamp: String(timestamp), body: text });
      }
      response.end();
    });
  }

  get store(): ObjectStore {
    return this.services.store;
  }

  get #address(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  #dispatcher(services: Services): Dispatcher {
    return new Dispatcher({
      ...{ services, launcher, pauseMs: 100 },
      execution: { workspace: join(this.hub.work, 'work'), workers: 1 },
      notices: { webhook: { url: `${this.#address}/notices`, secret: 'notice secret' } },
      onProblem: (error) => this.problems.push(error),
    });
  }

  /** Every run with its end, the earliest first. */
  async runs(): Promise<RunRecord[]> {
    const all = await listRuns({ store: this.store });
    const records = await Promise.all(all.map(({ id }) => readRun({ store: this.store, runId: id })));
    return records.sort((a, b) => (a.spec.createdAt < b.spec.createdAt ? -1 : 1));
  }

  /** A request to the Hub's API as one of its accounts. */
  async api(path: string, body?: object, account = 'you'): Promise<unknown> {
    const response = await fetch(`${this.hub.url}/api/${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { authorization: `Bearer hf_${account}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return await response.json();
  }

  /** Waits until something holds. */
  async until(what: string, holds: () => Promise<boolean> | boolean): Promise<void> {
    for (let look = 0; look < 2_000; look++) {
      if (await holds()) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`waited in vain until ${what}; problems: ${this.problems.map(String).join('; ')}`);
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#working;
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
    await this.hub.close();
  }
}
