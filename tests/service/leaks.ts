import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Where a secret was found, and how it was written there. */
export interface Leak {
  where: string;
  secret: string;
  form: string;
}

/** Secrets by a name that may be shown. */
export type Secrets = Readonly<Record<string, string>>;

/** The ways in which a secret is sought: as it is, in base64 wherever it begins in what was encoded, in URLs, in hexadecimal. */
function formsOf(secret: string): [form: string, needle: string][] {
  const aligned = [0, 1, 2].flatMap((before) => {
    const encoded = Buffer.from(`${'.'.repeat(before)}${secret}`, 'utf8')
      .toString('base64')
      .replace(/=+$/, '');
    // The first and the last character of base64 hold bits of what stands around the secret.
    const inner = encoded.slice(Math.ceil((before * 8) / 6), (before + secret.length) % 3 === 0 ? undefined : -1);
    return [inner, inner.replaceAll('+', '-').replaceAll('/', '_')];
  });
  return [
    ['raw', secret],
    ...[...new Set(aligned)].map((needle): [string, string] => ['base64', needle]),
    ['URL', encodeURIComponent(secret)],
    ['URL', encodeURIComponent(secret).toLowerCase()],
    ['JSON', JSON.stringify(secret).slice(1, -1)],
    ['hexadecimal', Buffer.from(secret, 'utf8').toString('hex')],
  ];
}

/** Looks for secrets in texts and in all files of folders, however they are written. */
export async function findLeaks(options: {
  secrets: Secrets;
  folders: readonly string[];
  /** By what they are. */
  texts: Readonly<Record<string, string>>;
  /** Paths that hold a secret on purpose. */
  except?: readonly string[];
}): Promise<Leak[]> {
  const { secrets, folders, texts, except = [] } = options;
  const leaks: Leak[] = [];
  const search = (where: string, content: Buffer) => {
    for (const [secret, value] of Object.entries(secrets)) {
      const found = formsOf(value).find(([, needle]) => content.includes(needle));
      if (found !== undefined) leaks.push({ where, secret, form: found[0] });
    }
  };
  for (const [name, text] of Object.entries(texts)) search(name, Buffer.from(text, 'utf8'));
  for (const folder of folders) {
    for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name);
      if (except.includes(path)) continue;
      // A secret in the name of a file is one as well.
      search(`name of ${path}`, Buffer.from(path, 'utf8'));
      if (entry.isFile()) search(path, await readFile(path));
    }
  }
  return leaks;
}
