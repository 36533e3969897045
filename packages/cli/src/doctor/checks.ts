import { access, constants, mkdir } from 'node:fs/promises';
import { availableParallelism, freemem, totalmem } from 'node:os';
import { requireRuntime } from '@hubfuse/evaluate';
import { freeBytes, type HubOptions, whoAmI } from '@hubfuse/hub';
import { HubfuseError } from '@hubfuse/plugin';
import { formatBytes } from '../units.ts';

/** What one check found. `warning`: hubfuse works, something may not. */
export interface Finding {
  check: string;
  status: 'ok' | 'warning' | 'failure';
  message: string;
  hint?: string;
}

type Outcome = Omit<Finding, 'check'>;

export interface Check {
  name: string;
  run(): Promise<Outcome>;
}

/** A function that adds two vectors of four floats: valid only where WebAssembly has SIMD. */
const SIMD_MODULE = Uint8Array.of(
  ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
  ...[0x01, 0x05, 0x01, 0x60, 0x00, 0x01, 0x7b],
  ...[0x03, 0x02, 0x01, 0x00],
  ...[0x0a, 0x0a, 0x01, 0x08, 0x00, 0x41, 0x00, 0xfd, 0x0f, 0xfd, 0x62, 0x0b],
);

/** Everything that hubfuse needs from this machine and from the Hub. */
export function doctorChecks(places: { hub: HubOptions; home: string; leastNode: string }): Check[] {
  const { hub, home, leastNode } = places;
  return [
    { name: 'Node.js', run: () => Promise.resolve(checkNode(process.version, leastNode)) },
    { name: 'processor', run: () => Promise.resolve(checkProcessor()) },
    { name: 'memory', run: () => Promise.resolve(ok(`${formatBytes(freemem())} free of ${formatBytes(totalmem())}`)) },
    { name: 'scoring', run: checkScoring },
    { name: 'cache', run: () => checkFolder(hub.cacheDir, 'HF_HUB_CACHE or HF_HOME') },
    { name: 'state of runs', run: () => checkFolder(home, 'HUBFUSE_HOME') },
    { name: 'Hub', run: () => checkHub(hub) },
  ];
}

/** Runs one check; whatever it throws becomes a finding. */
export async function runCheck({ name, run }: Check): Promise<Finding> {
  try {
    return { check: name, ...(await run()) };
  } catch (error) {
    if (!(error instanceof HubfuseError)) throw error;
    const { summary, hint } = error;
    return { check: name, status: 'failure', message: summary, ...(hint === undefined ? {} : { hint }) };
  }
}

/** @param least lowest version, such as `20.12` */
export function checkNode(version: string, least: string): Outcome {
  const [major = 0, minor = 0] = version.replace(/^v/, '').split('.').map(Number);
  const [leastMajor = 0, leastMinor = 0] = least.split('.').map(Number);
  if (major > leastMajor || (major === leastMajor && minor >= leastMinor)) return ok(version);
  return {
    status: 'failure',
    message: `${version} is older than ${least}`,
    hint: 'install a newer one: https://nodejs.org',
  };
}

function checkProcessor(): Outcome {
  const cores = availableParallelism();
  const threads = `${cores} ${cores === 1 ? 'thread' : 'threads'}`;
  // The standard library's types know WebAssembly only beside those of browsers.
  const { WebAssembly: engine } = globalThis as { WebAssembly?: { validate(bytes: Uint8Array): boolean } };
  if (engine?.validate(SIMD_MODULE) === true) return ok(`${threads}, WebAssembly with SIMD`);
  return {
    status: 'failure',
    message: `${threads}, but WebAssembly has no SIMD here`,
    hint: 'merging needs it: use a processor of the last fifteen years and no --no-experimental-wasm-simd',
  };
}

async function checkScoring(): Promise<Outcome> {
  try {
    requireRuntime();
    return ok('onnxruntime and transformers.js are there');
  } catch (error) {
    if (!(error instanceof HubfuseError)) throw error;
    const { summary, hint = '' } = error;
    return { status: 'warning', message: `merging works; ${summary}`, hint };
  }
}

async function checkFolder(folder: string, variable: string): Promise<Outcome> {
  try {
    await mkdir(folder, { recursive: true });
    await access(folder, constants.W_OK);
  } catch (error) {
    const { code = 'unknown error' } = error as NodeJS.ErrnoException;
    return {
      status: 'failure',
      message: `${folder} cannot be written (${code})`,
      hint: `set ${variable} to another folder`,
    };
  }
  return ok(`${folder}, ${formatBytes(await freeBytes(folder))} free`);
}

async function checkHub(hub: HubOptions): Promise<Outcome> {
  if (hub.offline === true) return { status: 'warning', message: 'the network is switched off by HF_HUB_OFFLINE' };
  const account = await whoAmI({ ...hub, retry: { attempts: 1 } });
  if (account !== undefined) {
    const role = account.role === undefined ? '' : `, token with the role ${account.role}`;
    return ok(`${hub.hubUrl} as ${account.name}${role}`);
  }
  return {
    status: 'warning',
    message: `${hub.hubUrl} answers; there is no token`,
    hint: 'publishing and private models need one: set HF_TOKEN, or run `hf auth login`',
  };
}

function ok(message: string): Outcome {
  return { status: 'ok', message };
}
