import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { openStore, registerStores } from '@hubfuse/objects';
import { type ObjectStore, Registry } from '@hubfuse/plugin';
import { afterAll, expect, test } from 'vitest';
import { storeContract } from '../packages/objects/test/store-contract.ts';
import { environment } from './environment.ts';

const RACER = fileURLToPath(new URL('../packages/objects/test/racer.mjs', import.meta.url));

const { s3 } = environment;
if (s3 === undefined) test.skip('no S3: `npm run test:s3` starts one, or HUBFUSE_S3 names one', () => {});
else overS3(s3);

function overS3(address: string): void {
  const run = randomUUID();
  const at = (name: string): string => address.replace(/\/*(\?|$)/, `/hubfuse-test-${run}/${name}$1`);
  const open = async (name: string): Promise<ObjectStore> => {
    const registry = new Registry();
    await registerStores(registry);
    return await openStore(at(name), registry);
  };

  afterAll(async () => {
    for (const name of ['contract', 'large', 'counter']) {
      const store = await open(name);
      for (let more = true; more; ) {
        const page = await store.list('');
        for (const key of page.keys) await store.delete(key);
        more = page.more;
      }
    }
  }, 60_000);

  storeContract('real S3', () => open('contract'));

  test('a large stream arrives whole and is read in ranges', async () => {
    const store = await open('large');
    const piece = Buffer.alloc(1 << 20);
    await store.write(
      'weights',
      (async function* () {
        for (let index = 0; index < 40; index++) yield piece.fill(index);
      })(),
    );
    for (const start of [0, 8 << 20, (39 << 20) + 5]) {
      const part = await store.read('weights', { start, end: start + 3 });
      const bytes: number[] = [];
      for await (const some of part ?? []) bytes.push(...some);
      expect(bytes).toEqual(new Array(3).fill(start >> 20));
    }
  });

  test('no increment of four processes is lost', async () => {
    const store = await open('counter');
    await store.put('count', new TextEncoder().encode('0'));
    const codes = await Promise.all(
      Array.from({ length: 4 }, async () => {
        const child = spawn(process.execPath, [RACER, at('counter'), 'increment', 'count', '10'], { stdio: 'inherit' });
        return await new Promise((done) => child.on('close', done));
      }),
    );
    expect(codes).toEqual([0, 0, 0, 0]);
    expect(Number.parseInt(new TextDecoder().decode((await store.get('count'))?.body), 10)).toBe(40);
  });
}
