import { readFileSync } from 'node:fs';

/** Version of this package: what runs, plans and cards state. */
export const VERSION = (
  JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }
).version;
