export { type CopyOptions, copyStore } from './copy-store.ts';
export { getJson, type JsonFormat, jsonOf, listAll, toJson } from './json.ts';
export { checkKey, checkPrefix, toSegment } from './keys.ts';
export { openStore, registerStorePublishers, registerStores } from './open.ts';
export { type PublishedFile, publishToStore, type StorePublication } from './publish-to-store.ts';
