import { connect } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ExampleHub, startExampleHub } from '../support/example-hub.ts';
import { hubfuse } from '../support/hubfuse.ts';
import { LONGEST_TEST_MS, serve } from './served.ts';

let hub: ExampleHub;
beforeAll(async () => {
  hub = await startExampleHub();
});
afterAll(async () => {
  await hub.close();
});

test.each([
  [['--notify', 'somewhere'], 'usage/bad-notify'],
  [['--notify', 'https://example.com/x'], 'usage/no-notice-secret'],
])('%j is refused before anything is served', async (argv, code) => {
  const ended = await hubfuse(['serve', '--port', '0', '--json', ...argv], { variables: hub.variables });
  expect(ended.code).toBe(2);
  expect(ended.last()).toMatchObject({ event: 'error', code });
});

test(
  'a server keeps to its rate, its addresses in S3, what it says of kept runs, and the time for its end',
  async () => {
    const argv = ['--concurrency', '0', '--rate', '4', '--s3', 's3://models/team', '--keep-days', '7', '--drain', '1'];
    const service = await serve(hub, { name: 'kept-to', argv });
    expect((await service.ask('GET', '/v1/session')).body).toMatchObject({ retention: { days: 7 } });

    const to = (url: string) =>
      `merge_method: linear\nmodels: [hubfuse-examples/intents-money, hubfuse-examples/intents-home]\npublish: {s3: {url: ${url}}}\n`;
    const refused = await service.ask('POST', '/v1/runs', { body: to('s3://elsewhere/x') });
    expect(refused).toMatchObject({ status: 403, body: { code: 'service/s3-target' } });
    expect((await service.ask('POST', '/v1/runs', { body: to('s3://models/team/x') })).status).toBe(201);

    // A burst in the proportion of the default's: five times what is granted each second.
    const statuses = await Promise.all(Array.from({ length: 60 }, () => service.ask('GET', '/v1/session')));
    const limited = statuses.filter(({ status }) => status === 429);
    expect(limited.length).toBeGreaterThan(20);
    expect(Number(limited[0]?.headers.get('retry-after'))).toBeGreaterThan(0);

    // Nobody waits longer than that for a body that does not come: it is cut, not answered.
    const { port } = new URL(service.url);
    const socket = connect(Number(port), '127.0.0.1');
    let answered = '';
    socket.on('data', (bytes) => {
      answered += bytes.toString();
    });
    socket.on('error', () => undefined);
    const cut = new Promise((done) => socket.once('close', done));
    socket.write('POST /login/x HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 9\r\n\r\nx');
    await new Promise((done) => setTimeout(done, 100));
    expect((await service.stop()).code).toBe(0);
    await cut;
    expect(answered).not.toContain('HTTP/1.1 408');
  },
  LONGEST_TEST_MS,
);
