import { createHmac, hkdfSync, randomBytes } from 'node:crypto';
import { link, mkdir, open, readFile, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { UsageError } from '@hubfuse/plugin';

const BYTES = 32;

/**
 * The secret of an installation, from which the pepper of its keys and the key of its secret store are made. Whoever loses
 * it has to make all keys again; tokens of runs under way are lost with it.
 */
export class MasterKey {
  readonly #bytes: Uint8Array;
  readonly #derived = new Map<string, Uint8Array>();

  constructor(bytes: Uint8Array) {
    if (bytes.length !== BYTES) throw malformed('the master key');
    this.#bytes = bytes;
  }

  /** 32 bytes for one purpose; other purposes cannot be told from them. */
  derive(purpose: string): Uint8Array {
    const known = this.#derived.get(purpose);
    if (known !== undefined) return known;
    const derived = new Uint8Array(hkdfSync('sha256', this.#bytes, '', `hubfuse ${purpose}`, BYTES));
    this.#derived.set(purpose, derived);
    return derived;
  }

  /** A keyed hash of a text, in hexadecimal. */
  digest(purpose: string, text: string): string {
    return createHmac('sha256', this.derive(purpose)).update(text).digest('hex');
  }

  /** Never shows the key, also not to JSON or a log. */
  toJSON(): string {
    return '[master key]';
  }
}

/**
 * Reads a master key as the environment gives it: 32 bytes in hexadecimal or base64.
 * @throws UsageError `service/bad-master-key`
 */
export function parseMasterKey(text: string, origin = 'the environment'): MasterKey {
  const trimmed = text.trim();
  if (/^[0-9a-f]{64}$/i.test(trimmed)) return new MasterKey(Buffer.from(trimmed, 'hex'));
  const bytes = Buffer.from(trimmed, 'base64');
  if (/^[A-Za-z0-9+/_-]{43}=?$/.test(trimmed) && bytes.length === BYTES) return new MasterKey(bytes);
  throw malformed(`the master key from ${origin}`);
}

/**
 * The master key in a file that its owner alone may read; it is made where it is missing. Any number of processes that make
 * it at once get the same.
 * @throws UsageError `service/master-key-open` where others may read it, `service/bad-master-key`
 */
export async function readMasterKey(path: string): Promise<MasterKey> {
  const existing = await readIfThere(path);
  if (existing !== undefined) return await checked(path, existing);
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const temporary = `${path}.${process.pid}.${randomBytes(4).toString('hex')}`;
  try {
    const file = await open(temporary, 'wx', 0o600);
    try {
      await file.writeFile(`${randomBytes(BYTES).toString('hex')}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    // A link appears whole or not at all, and fails where another process was first.
    await link(temporary, path).catch((error: unknown) => {
      if (codeOf(error) !== 'EEXIST') throw error;
    });
  } finally {
    await rm(temporary, { force: true });
  }
  return await checked(path, await readFile(path, 'utf8'));
}

async function checked(path: string, text: string): Promise<MasterKey> {
  const { mode } = await stat(path);
  // Windows has no such bits and shows 0o666 for every file.
  if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
    throw new UsageError({
      code: 'service/master-key-open',
      where: path,
      message: `the file with the master key may be read by others (mode ${(mode & 0o777).toString(8)})`,
      hint: `chmod 600 ${path}; make new keys if somebody else could have read it`,
    });
  }
  return parseMasterKey(text, path);
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function codeOf(error: unknown): string | undefined {
  return (error as { code?: string } | undefined)?.code;
}

function malformed(what: string): UsageError {
  return new UsageError({
    code: 'service/bad-master-key',
    message: `${what} is not 32 bytes in hexadecimal or base64`,
    hint: 'make one with: openssl rand -hex 32',
  });
}
