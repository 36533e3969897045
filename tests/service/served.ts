import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ExampleHub } from '../support/example-hub.ts';
import { type HubfuseResult, hubfuse } from '../support/hubfuse.ts';

/** A service in a process of its own, over the example Hub. */
export interface Served {
  url: string;
  /** Its data folder. */
  data: string;
  child: ChildProcess;
  /** What it has written so far. */
  output(): string;
  /** Asks it and reads JSON where it comes. */
  ask(method: string, path: string, options?: AskOptions): Promise<Asked>;
  /** Runs of a stored recipe, once a condition holds for them. */
  runsOf(recipe: string, enough: (runs: RunItem[]) => boolean): Promise<RunItem[]>;
  /** Ends it with SIGTERM. */
  stop(): Promise<HubfuseResult>;
}

export interface AskOptions {
  body?: unknown;
  headers?: Record<string, string>;
  key?: string;
}

export interface Asked {
  status: number;
  headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every form
  body: any;
  text: string;
}

export interface RunItem {
  id: string;
  state: string;
  createdAt: string;
}

/** A test starts several processes, one after the other. */
export const LONGEST_TEST_MS = 300_000;
const LONGEST_WAIT_MS = 150_000;
const PAUSE_MS = 250;

export async function serve(
  hub: ExampleHub,
  options: {
    name: string;
    argv?: readonly string[];
    variables?: Record<string, string>;
    /** Default: a free one. */
    port?: string;
  },
): Promise<Served> {
  const data = join(hub.work, options.name);
  let child: ChildProcess | undefined;
  let written = '';
  const argv = ['serve', '--port', options.port ?? '0', '--data', data, '--hub', hub.url, '--workers', '1', '--json'];
  const ended = hubfuse([...argv, ...(options.argv ?? [])], {
    variables: { ...hub.variables, HF_TOKEN: 'hf_you', ...options.variables },
    onStart: (started) => {
      child = started;
    },
  });
  const url = await new Promise<string>((found, fail) => {
    child?.stdout?.on('data', (text: string) => {
      written += text;
      const [, address] = /"event":"result","url":"([^"]+)"/.exec(written) ?? [];
      if (address !== undefined) found(address);
    });
    child?.stderr?.on('data', (text: string) => {
      written += text;
    });
    ended.then(({ stdout, stderr }) => fail(new Error(`the service has ended: ${stdout}${stderr}`)), fail);
  });
  if (child === undefined) throw new Error('no process was started');
  const process = child;
  const ask = async (method: string, path: string, { body, headers, key }: AskOptions = {}): Promise<Asked> => {
    const sent = body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) };
    const type = typeof body === 'string' ? 'application/yaml' : 'application/json';
    const response = await fetch(`${url}${path}`, {
      method,
      headers: {
        ...(body === undefined ? {} : { 'content-type': type }),
        ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
        ...headers,
      },
      ...sent,
    });
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.includes('json') === true && text !== '';
    return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : undefined, text };
  };
  return {
    url,
    data,
    child: process,
    output: () => written,
    ask,
    async runsOf(recipe, enough) {
      let seen: RunItem[] = [];
      await until(`runs of ${recipe}`, async () => {
        seen = (await ask('GET', `/v1/runs?recipe=${recipe}`)).body.items as RunItem[];
        return enough(seen);
      }).catch((error: Error) => {
        throw new Error(`${error.message}: ${JSON.stringify(seen)}\n${written.slice(-4000)}`);
      });
      return seen;
    },
    stop() {
      process.kill('SIGTERM');
      return ended;
    },
  };
}

/** Waits until a condition holds. @throws where it does not within the longest wait */
export async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + LONGEST_WAIT_MS;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`waited in vain for ${what}`);
    await sleep(PAUSE_MS);
  }
}

export const hasEnded = ({ state }: Pick<RunItem, 'state'>): boolean => ['done', 'failed', 'cancelled'].includes(state);
