import { type ChildProcess, spawn } from 'node:child_process';
import { createCipheriv, createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { HubEvent, HubOptions } from '@hubfuse/hub';
import {
  type HubServer,
  type HubServerOptions,
  importFolder,
  type RepoType,
  startHubServer,
} from '@hubfuse/hub-server';

export type Files = Readonly<Record<string, string | Uint8Array>>;

/** A Hub over loopback in a folder of its own, and clients of it. */
export interface TestHub {
  url: string;
  /** Everything of the test; removed at the end. */
  root: string;
  server: HubServer;
  /** Every event that clients with `options` told. */
  events: HubEvent[];
  /** Addresses that clients with `options` asked, without the origin. */
  requests: string[];
  options(more?: Partial<HubOptions>): HubOptions;
  /** Makes a commit that holds exactly these files; returns its id. */
  commit(repo: string, files: Files, more?: { type?: RepoType; private?: boolean }): Promise<string>;
  /** Writes files into a new folder outside the Hub. */
  folder(files: Files): Promise<string>;
  /** Calls the Hub's API as `hf_owner`. */
  api(method: string, path: string, body?: unknown): Promise<Response>;
  close(): Promise<void>;
}

export async function startTestHub(options: Partial<HubServerOptions> = {}): Promise<TestHub> {
  const root = await mkdtemp(join(tmpdir(), 'hubfuse-hub-'));
  const served = join(root, 'served');
  const server = await startHubServer({ folder: served, faults: [], graceMs: 50, ...options });
  const events: HubEvent[] = [];
  const requests: string[] = [];
  let folders = 0;
  const folder = async (files: Files) => {
    const path = join(root, `folder-${folders++}`);
    await writeFiles(path, files);
    return path;
  };
  return {
    url: server.url,
    root,
    server,
    events,
    requests,
    folder,
    options: (more = {}) => ({
      hubUrl: server.url,
      cacheDir: join(root, 'cache'),
      token: 'hf_tester',
      tokenOrigin: 'HF_TOKEN',
      retry: { firstPauseMs: 1, longestPauseMs: 4 },
      rangeBytes: 256 * 1024,
      onProgress: (event) => events.push(event),
      fetch: async (input, init) => {
        requests.push(String(input).slice(server.url.length));
        return await fetch(input, init);
      },
      ...more,
    }),
    async commit(repo, files, more = {}) {
      const imported = await importFolder({ root: served, repo, folder: await folder(files), ...more });
      return imported.commit;
    },
    api: async (method, path, body) =>
      await fetch(`${server.url}${path}`, {
        method,
        headers: { authorization: 'Bearer hf_owner', 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
    async close() {
      await server.close();
      await rm(root, { recursive: true, force: true });
    },
  };
}

export async function writeFiles(folder: string, files: Files): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), content);
  }
}

/** Bytes that look like weights: incompressible, and the same for the same seed. */
export function noise(length: number, seed = 1): Buffer {
  const cipher = createCipheriv('aes-128-ctr', Buffer.alloc(16, seed), Buffer.alloc(16));
  return cipher.update(Buffer.alloc(length));
}

export function sha256(bytes: Uint8Array | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** A small model as the Hub holds one: `weights` bytes of noise, a config and a card. */
export function modelFiles(weights = 1_000_000, seed = 1): Record<string, string | Buffer> {
  return {
    'config.json': `{"model_type":"bert","seed":${seed}}`,
    'model.safetensors': noise(weights, seed),
    'README.md': '---\nlicense: mit\n---\n# A model\n',
  };
}

/** Every regular file below a folder, links left out. */
export async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

export interface Child {
  process: ChildProcess;
  /** Resolves with the exit code, or null after a signal. */
  ended: Promise<number | null>;
  /** Lines on stdout so far, parsed. */
  lines: Record<string, unknown>[];
  stderr(): string;
  /** Resolves when a line passes, or the process ended. */
  until(passes: (line: Record<string, unknown>) => boolean): Promise<void>;
}

/** Runs `children/<name>.mjs` in a process of its own with `input` as JSON. */
export function startChild(name: string, input: unknown, nodeOptions: readonly string[] = []): Child {
  const script = fileURLToPath(new URL(`./children/${name}.mjs`, import.meta.url));
  const child = spawn(process.execPath, [...nodeOptions, script, JSON.stringify(input)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const lines: Record<string, unknown>[] = [];
  const waiting = new Set<() => void>();
  let pending = '';
  let errors = '';
  child.stderr.on('data', (text) => {
    errors += String(text);
  });
  child.stdout.on('data', (text) => {
    const parts = (pending + String(text)).split('\n');
    pending = parts.pop() ?? '';
    for (const part of parts) lines.push(JSON.parse(part) as Record<string, unknown>);
    for (const wake of waiting) wake();
  });
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  return {
    process: child,
    ended,
    lines,
    stderr: () => errors,
    async until(passes) {
      let over = false;
      void ended.then(() => {
        over = true;
        for (const wake of waiting) wake();
      });
      while (!over && !lines.some(passes)) {
        await new Promise<void>((resolve) => {
          const wake = () => {
            waiting.delete(wake);
            resolve();
          };
          waiting.add(wake);
        });
      }
    },
  };
}

export async function contentOf(path: string): Promise<Buffer> {
  return await readFile(path);
}
