import { getJson, listAll, toJson } from '@hubfuse/objects';
import { afterAll, describe, expect, test } from 'vitest';
import { emptyStore, removeFolders, STORES } from '../test/services.ts';
import { MasterKey } from './master-key.ts';
import { SecretStore } from './secret-store.ts';

afterAll(removeFolders);

const token = 'hf_canaryOfTheSecretStore0123456789';
const first = { run: 'run-1', generation: 1 };
const second = { run: 'run-2', generation: 1 };
const master = new MasterKey(new Uint8Array(32).fill(3));

describe.each(STORES)('the secret store in a store of the kind %s', (kind) => {
  test('a token is kept until it is wiped, and stands nowhere in the open', async () => {
    const store = await emptyStore(kind);
    const secrets = new SecretStore({ store, master });
    await secrets.keep(first, token);
    await secrets.keep(second, token);
    expect(await new SecretStore({ store, master }).take(first)).toBe(token);
    const texts: string[] = [];
    for await (const key of listAll(store, '')) texts.push(Buffer.from((await store.get(key))?.body ?? []).toString());
    expect(texts).toHaveLength(2);
    const forms = [token, Buffer.from(token).toString('base64').replace(/=+$/, ''), encodeURIComponent(token)];
    for (const text of texts) for (const form of forms) expect(text).not.toContain(form);
    // The same token twice is two different texts.
    expect(texts[0]).not.toBe(texts[1]);
    const again = { ...first, generation: 2 };
    await secrets.keep(again, 'hf_another');
    await secrets.wipe(first);
    expect([await secrets.take(first), await secrets.take(again)]).toEqual([undefined, 'hf_another']);
    await secrets.wipeAll(first.run);
    expect([await secrets.take(again), await secrets.take(second)]).toEqual([undefined, token]);
  });

  test('what was sealed for one run opens for no other, under no other key, and not when it was changed', async () => {
    const store = await emptyStore(kind);
    const secrets = new SecretStore({ store, master });
    await secrets.keep(first, token);
    const key = 'service/secrets/run-1.json';
    const sealed = await getJson<{ iv: string; tag: string; text: string }>(store, key);
    await store.put('service/secrets/run-2.json', toJson(sealed?.value));
    await expect(secrets.take(second)).rejects.toMatchObject({ code: 'service/secret-unreadable' });
    const stranger = new SecretStore({ store, master: new MasterKey(new Uint8Array(32).fill(4)) });
    await expect(stranger.take(first)).rejects.toMatchObject({ code: 'service/secret-unreadable' });
    await store.put(key, toJson({ ...sealed?.value, text: Buffer.from('hf_forged').toString('base64') }));
    await expect(secrets.take(first)).rejects.toMatchObject({ code: 'service/secret-unreadable' });
  });
});
