import { expect, test } from 'vitest';
import { AddressGuard, type HostLookup } from './address-guard.ts';

const NAMES: Readonly<Record<string, readonly string[]>> = {
  'hub.example': ['203.0.113.7'],
  'hub.internal': ['10.0.0.5'],
  'cdn.example': ['198.51.100.1', '2001:db8::1'],
  'minio.internal': ['10.9.9.9'],
  'rebound.example': ['198.51.100.1', '127.0.0.1'],
  'metadata.example': ['169.254.169.254'],
  'inner.example': ['192.168.0.7'],
  'six.example': ['::1'],
};
const lookUp: HostLookup = async (name) => {
  const found = NAMES[name];
  if (found === undefined) throw Object.assign(new Error(`no ${name}`), { code: 'ENOTFOUND' });
  return found;
};
const follow = (hubUrl: string, to: string) => new AddressGuard({ hubUrl, lookUp }).check(to);

test.each([
  ['https://huggingface.co', 'https://huggingface.co/other'],
  ['https://huggingface.co', 'https://cdn-lfs.huggingface.co/x?X-Amz-Signature=s'],
  ['https://huggingface.co', 'https://cas-bridge.xethub.hf.co/x'],
  ['http://127.0.0.1:8700', 'http://127.0.0.1:8701/storage'],
  ['http://127.0.0.1:8700', 'https://storage.example/x'],
  ['http://10.0.0.5', 'http://192.168.1.9:9000/bucket'],
  ['https://hub.example', 'https://cdn.example/x'],
  ['https://hub.example', 'https://name-that-nobody-knows.example/x'],
  ['http://hub.internal', 'http://minio.internal:9000/bucket'],
  ['http://hub.internal', 'https://cdn.example/x'],
  ['http://localhost:8700', 'http://six.example/x'],
])('the Hub %s may lead to %s', async (hub, to) => {
  await expect(follow(hub, to)).resolves.toBeUndefined();
});

test.each([
  ['https://huggingface.co', 'http://cdn-lfs.huggingface.co/x'],
  ['https://huggingface.co', 'https://127.0.0.1:8080/v1/keys'],
  ['https://huggingface.co', 'https://localhost/x'],
  ['https://huggingface.co', 'https://169.254.169.254/latest/meta-data/'],
  ['https://huggingface.co', 'https://10.0.0.1/x'],
  ['https://huggingface.co', 'https://2130706433/x'],
  ['https://huggingface.co', 'https://[::1]/x'],
  ['https://huggingface.co', 'https://[::ffff:169.254.169.254]/x'],
  ['https://huggingface.co', 'https://[fd00::1]/x'],
  ['https://huggingface.co', 'file:///etc/passwd'],
  ['http://127.0.0.1:8700', 'http://169.254.169.254/latest/meta-data/'],
  ['http://10.0.0.5', 'http://127.0.0.1:8080/v1/keys'],
  ['https://hub.example', 'https://inner.example/x'],
  ['https://hub.example', 'https://rebound.example/x'],
  ['https://hub.example', 'https://six.example/x'],
  ['https://hub.example', 'https://metadata.example/latest/meta-data/'],
  ['http://hub.internal', 'http://metadata.example/latest/meta-data/'],
  ['http://hub.internal', 'http://six.example/x'],
])('the Hub %s may not lead to %s', async (hub, to) => {
  await expect(follow(hub, to)).rejects.toThrow('where no storage of its own can be');
});

test('a name is looked up once for many requests', async () => {
  let asked = 0;
  const counting: HostLookup = async (name) => {
    asked++;
    return await lookUp(name);
  };
  const guard = new AddressGuard({ hubUrl: 'https://hub.example', lookUp: counting });
  await Promise.all(Array.from({ length: 5 }, () => guard.check('https://cdn.example/x')));
  expect(asked).toBe(1);
});
