import { createHash, randomBytes } from 'node:crypto';
import { type Manifest, manifestDigest } from '@hubfuse/hub';
import { getJson, toJson } from '@hubfuse/objects';
import { type ObjectStore, StoreError } from '@hubfuse/plugin';
import { runKeys } from '../keys.ts';
import type { PublishTarget } from './publish-targets.ts';

/** What a run is about to publish where: written before the target is asked for anything. */
export interface PublicationIntent {
  /** Goes with what is published, so that a killed or a second publisher recognises it. Cannot be guessed before. */
  intent: string;
  publisher: string;
  target: PublishTarget['target'];
  /** Identity of the content. */
  digest: string;
  /** ISO 8601. */
  createdAt: string;
}

/** The intent to publish this content there: written now, or by whoever was first. */
export async function publicationIntent(options: {
  store: ObjectStore;
  runId: string;
  target: PublishTarget;
  manifest: Manifest;
}): Promise<PublicationIntent> {
  const { store, runId, target, manifest } = options;
  const digest = manifestDigest(manifest);
  const identity = createHash('sha256')
    .update(JSON.stringify([target, digest]))
    .digest('hex');
  const key = runKeys(runId).intent(target.name, identity.slice(0, 24));
  const own: PublicationIntent = {
    intent: randomBytes(18).toString('base64url'),
    publisher: target.name,
    target: target.target,
    digest,
    createdAt: new Date().toISOString(),
  };
  await store.create(key, toJson(own));
  // Whatever became of the creation, what stands there now is what every publisher goes by.
  const found = await getJson<PublicationIntent>(store, key);
  if (found !== undefined) return found.value;
  throw new StoreError({
    code: 'store/lost',
    where: `${store.url}: ${key}`,
    message: 'the intent to publish that was just written is gone',
    hint: 'the run was deleted meanwhile, or the store does not keep what it is given',
  });
}
