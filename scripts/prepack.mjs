// Runs in a package's folder before npm packs it: what ships is built from the sources of now, and carries the licence.
import { copyFileSync } from 'node:fs';
import { ensureBuilt } from './build.mjs';

ensureBuilt();
copyFileSync(new URL('../LICENSE', import.meta.url), 'LICENSE');
