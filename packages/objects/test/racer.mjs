// A process that works on a store as its arguments say: url, action, key, count.
import { randomUUID } from 'node:crypto';
import { openStore, registerStores } from '@hubfuse/objects';
import { Registry } from '@hubfuse/plugin';

const [url = '', action, key = '', count = '1'] = process.argv.slice(2);
const registry = new Registry();
await registerStores(registry);
const store = await openStore(url, registry);
const bytes = (text) => new TextEncoder().encode(text);

if (action === 'create') {
  const won = await store.create(key, bytes(String(process.pid)));
  process.stdout.write(won === undefined ? 'lost' : 'won');
}
if (action === 'increment') {
  for (let done = 0; done < Number(count); ) {
    const found = await store.get(key);
    const next = Number.parseInt(new TextDecoder().decode(found.body), 10) + 1;
    // The nonce tells a write that was repeated from one that another process made.
    if ((await store.replace(key, bytes(`${next} ${randomUUID()}`), found.etag)) !== undefined) done++;
  }
}
if (action === 'churn') {
  // Until killed: bodies that say themselves whether they are whole.
  process.stdout.write('ready');
  for (let i = 0; ; i++) {
    const body = bytes(`${i}:${'x'.repeat(50_000 + (i % 50_000))}:${i}`);
    await store.put(key, body);
    await store.create(`${key}-${process.pid}/${i}`, body);
  }
}
