import { environment } from '../environment.ts';

/** How many requests are made from the document: a few hundred in `npm test`, all of them in `npm run soak`. */
export const REQUESTS = environment.soak === undefined ? 400 : 10_000;

/** How often a server or a worker of a fleet is killed: once in `npm test`, 50 times in `npm run soak`. */
export const FLEET_KILLS = environment.kills ?? 1;
