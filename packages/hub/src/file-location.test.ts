import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { FileLocation } from './file-location.ts';
import { TransientFailure } from './transient.ts';
import { createTransport } from './transport.ts';

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

async function serve(handle: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  const server = createServer(handle);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A Hub that redirects to a storage on another origin, as the real one does for large files. */
async function stage(storageStatus: () => number) {
  const seen: string[] = [];
  const storage = await serve((request, response) => {
    seen.push(`storage ${request.headers.authorization ?? 'no token'}`);
    response.writeHead(storageStatus(), { 'content-range': 'bytes 0-3/4' }).end('data');
  });
  const hubUrl = await serve((request, response) => {
    seen.push(`hub ${request.headers.authorization ?? 'no token'}`);
    const location = request.url === '/old' ? '/new' : `${storage}/x?X-Amz-Signature=secret`;
    response.writeHead(302, { location }).end();
  });
  const transport = createTransport({ hubUrl, token: 'hf_secret', cacheDir: '' });
  const subject = { hubUrl, type: 'model', repo: 'ns/name', path: 'x' } as const;
  const location = new FileLocation(transport, subject, `${hubUrl}/old`);
  const read = async () => {
    const { body } = await location.open({});
    let text = '';
    for await (const piece of body) text += Buffer.from(piece).toString();
    return text;
  };
  return { read, seen };
}

test('the Hub is asked once, then the storage alone, which never sees the token', async () => {
  const { read, seen } = await stage(() => 206);
  expect(await read()).toBe('data');
  expect(await read()).toBe('data');
  expect(seen).toEqual(['hub Bearer hf_secret', 'hub Bearer hf_secret', 'storage no token', 'storage no token']);
});

test('a storage address that has expired is asked for anew', async () => {
  let status = 403;
  const { read, seen } = await stage(() => status);
  await expect(read()).rejects.toBeInstanceOf(TransientFailure);
  status = 206;
  expect(await read()).toBe('data');
  expect(seen.filter((request) => request.startsWith('hub'))).toHaveLength(4);
});

test.each(['http://169.254.169.254/latest/meta-data/', 'file:///etc/passwd'])(
  'a redirect to %s is not followed',
  async (target) => {
    const asked: string[] = [];
    const hubUrl = await serve((_request, response) => {
      response.writeHead(302, { location: target }).end();
    });
    const send: typeof fetch = async (input, init) => {
      asked.push(String(input));
      return await fetch(input, init);
    };
    const transport = createTransport({ hubUrl, cacheDir: '', fetch: send });
    const location = new FileLocation(transport, { hubUrl, type: 'model', repo: 'ns/name', path: 'x' }, `${hubUrl}/x`);
    await expect(location.open({})).rejects.toMatchObject({ code: 'hub/redirect-refused' });
    expect(asked).toEqual([`${hubUrl}/x`]);
  },
);

test('redirects without an end have one', async () => {
  const hubUrl = await serve((_request, response) => {
    response.writeHead(302, { location: '/again' }).end();
  });
  const transport = createTransport({ hubUrl, cacheDir: '' });
  const location = new FileLocation(transport, { hubUrl, type: 'model', repo: 'ns/name', path: 'x' }, `${hubUrl}/x`);
  await expect(location.open({})).rejects.toMatchObject({ code: 'hub/redirects' });
});
