// vitest's global set-up: tests run the code that the packages ship, so it is built first and never stale.
import { ensureBuilt } from './build.mjs';

export function setup() {
  ensureBuilt();
}
