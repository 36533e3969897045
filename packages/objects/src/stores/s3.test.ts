import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { type S3Double, startS3Double } from '../../test/s3-double/server.ts';
import { CREDENTIALS } from '../../test/s3-double/signature.ts';
import { storeContract } from '../../test/store-contract.ts';
import s3 from './s3.ts';

let double: S3Double;
let gateway: S3Double;

beforeAll(async () => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', CREDENTIALS.accessKeyId);
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', CREDENTIALS.secretAccessKey);
  double = await startS3Double();
  gateway = await startS3Double({ redirects: true });
});
afterAll(async () => {
  await double.close();
  await gateway.close();
});
beforeEach(() => {
  double.requests.length = 0;
});

const bytes = (text: string) => new TextEncoder().encode(text);
const open = () => s3.open(double.storeUrl('plain', randomUUID()));

storeContract('s3', () => s3.open(`${double.storeUrl('contract', 'some/prefix')}&checksums=supported`));
storeContract('s3 without more checksums than required', () => s3.open(double.storeUrl('required')));
storeContract('s3 behind a gateway that sends readers elsewhere', () => s3.open(gateway.storeUrl('gateway', 'runs')));

test('a store sees its prefix alone, and no names that are not its own', async () => {
  const store = await s3.open(double.storeUrl('shared', 'mine'));
  await store.put('a', bytes('x'));
  for (const key of ['other/a', 'mine/folder/', 'mine/.hidden', 'minette/a']) {
    double.bucket('shared').put(key, Buffer.from('x'), {});
  }
  expect(await store.list('')).toEqual({ keys: ['a'], more: false });
  expect(double.bucket('shared').objects.has('mine/a')).toBe(true);
});

test('a write whose answer was lost is not taken for a lost race', async () => {
  const store = await open();
  double.fail({ method: 'PUT', kind: 'lost', times: 1 });
  const etag = await store.create('state', bytes('first, with a nonce'));
  expect(etag).toBe((await store.get('state'))?.etag);
  double.fail({ method: 'PUT', kind: 'lost', times: 1 });
  expect(await store.replace('state', bytes('second, with a nonce'), etag ?? '')).toBe(
    (await store.get('state'))?.etag,
  );
});

test("a write that was repeated over another one's is a lost race", async () => {
  const store = await open();
  await store.create('state', bytes("another's"));
  double.fail({ method: 'PUT', kind: 503, times: 1 });
  expect(await store.create('state', bytes('mine'))).toBeUndefined();
  expect(new TextDecoder().decode((await store.get('state'))?.body)).toBe("another's");
});

test('errors of the server that pass, and bodies that are cut, are tried again', async () => {
  const store = await open();
  double.fail({ method: 'PUT', kind: 500, times: 2 });
  await store.put('kept', bytes('whole'.repeat(1000)));
  double.fail({ method: 'GET', kind: 'cut', times: 2 });
  expect((await store.get('kept'))?.body.length).toBe(5000);
});

test('a large stream goes up in parts that are put together, and one that breaks leaves no parts', async () => {
  const store = await open();
  const piece = Buffer.alloc(3 << 20, 'x');
  const stream = async function* (pieces: number, broken = false) {
    for (let index = 0; index < pieces; index++) yield piece.fill(index);
    if (broken) throw new Error('the source broke');
  };
  await store.write('large', stream(7));
  expect(double.requests.filter((request) => request.includes('partNumber='))).toHaveLength(3);
  const { body = new Uint8Array() } = (await store.get('large')) ?? {};
  expect(body.length).toBe(7 * piece.length);
  expect([...new Set(body)]).toEqual([0, 1, 2, 3, 4, 5, 6]);
  await expect(store.write('broken', stream(7, true))).rejects.toThrow('the source broke');
  expect(double.bucket('plain').uploads.size).toBe(0);
  expect(await store.get('broken')).toBeUndefined();
});

test.each([
  ['s3://', 'is no address'],
  ['s3://Upper/x', 'names no bucket'],
  ['s3://bucket/a?regio=x', 'unknown setting "regio"'],
  ['s3://bucket/a?path_style=perhaps', 'true or false is needed'],
  ['s3://bucket/a?endpoint=ftp://x', 'no usable endpoint'],
  ['s3://bucket/../x', 'unusable segment'],
  ['s3://bucket/a?endpoint=https://key:word@host', 'holds a credential'],
])('the address %s is refused', async (url, why) => {
  await expect(s3.open(url)).rejects.toThrow(why);
});

test('a bucket that does not exist, and credentials that do not fit, are said by name', async () => {
  const absent = await s3.open(`s3://absent/x?endpoint=${double.endpoint}`);
  await expect(absent.put('a', bytes('x'))).rejects.toMatchObject({ code: 'store/no-bucket' });
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'wrong');
  try {
    const store = await open();
    const failure = store.put('a', bytes('x'));
    await expect(failure).rejects.toMatchObject({ code: 'store/forbidden' });
    await expect(failure).rejects.not.toThrow('wrong');
  } finally {
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', CREDENTIALS.secretAccessKey);
  }
});
