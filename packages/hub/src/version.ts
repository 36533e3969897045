import { readFileSync } from 'node:fs';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

/** Version of this package, which is that of every hubfuse package. */
export const HUBFUSE_VERSION = version;

/** What requests say that they come from. */
export function userAgent(before: string | undefined): string {
  const own = `hubfuse/${version} node/${process.versions.node}`;
  return before === undefined || before === '' ? own : `${before} ${own}`;
}
