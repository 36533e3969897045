import { readFile } from 'node:fs/promises';

/** The version of this package, as npm knows it. */
export async function packageVersion(): Promise<string> {
  return (await packageFile()).version;
}

/** The oldest Node.js that hubfuse runs on: `engines` in package.json. */
export async function leastNode(): Promise<string> {
  return (await packageFile()).engines.node.replace(/[^\d.]/g, '');
}

async function packageFile(): Promise<{ version: string; engines: { node: string } }> {
  const text = await readFile(new URL('../package.json', import.meta.url), 'utf8');
  return JSON.parse(text) as { version: string; engines: { node: string } };
}
