export { getJson, listAll, toJson } from './json.ts';
export { checkKey, checkPrefix, toSegment } from './keys.ts';
export { openStore, registerStores } from './open.ts';
