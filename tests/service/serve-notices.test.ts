import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { signNotice } from '../../packages/service/src/notices/send-webhook.ts';
import { exampleRecipe } from '../runs/example-run.ts';
import { type ExampleHub, startExampleHub } from '../support/example-hub.ts';
import { hasEnded, LONGEST_TEST_MS, type Served, serve, until } from './served.ts';

let hub: ExampleHub;
beforeAll(async () => {
  hub = await startExampleHub();
});
afterAll(async () => {
  await hub.close();
});

test(
  'ends of runs are told, signed, without comments where those are off; runs go when they need not be kept',
  async () => {
    const notices: { body: string; signature: string; timestamp: number }[] = [];
    const receiver = await receive(notices);
    try {
      const { port } = receiver.address() as AddressInfo;
      const argv = ['--notify', `http://127.0.0.1:${port}/hubfuse`, '--no-comments'];
      const variables = { HUBFUSE_NOTICE_SECRET: 'secret of notices' };
      const service = await serve(hub, { name: 'telling', argv, variables });
      const publish = 'publish: {hub: {repo: you/told, as: pull_request}}';
      const recipe = exampleRecipe({ method: 'task_arithmetic', domains: ['money', 'home'], evaluate: false, publish });
      const ids: string[] = [];
      for (const body of [recipe, recipe.replace('intents-home', 'intents-nowhere')]) {
        const started = await service.ask('POST', '/v1/runs', { body });
        expect(started.status, started.text).toBe(201);
        ids.push(started.body.id);
      }
      await until('both notices', async () => notices.length >= 2).catch((error: Error) => {
        throw new Error(`${error.message}: ${service.output()}`);
      });
      const told = new Map(notices.map(({ body }) => [JSON.parse(body).run.id, JSON.parse(body).event]));
      expect(told).toEqual(
        new Map([
          [ids[0], 'run.done'],
          [ids[1], 'run.failed'],
        ]),
      );
      for (const { body, signature, timestamp } of notices) {
        expect(signature).toBe(signNotice('secret of notices', timestamp, body));
      }
      const [{ url }] = (await service.ask('GET', `/v1/runs/${ids[0]}`)).body.published as [{ url: string }];
      const discussion = await commentsOf(Number(/discussions\/(\d+)/.exec(url)?.[1]));
      expect(discussion).toEqual([]);
      await service.stop();

      const after = await serve(hub, { name: 'telling', argv: ['--keep-runs', '1'] });
      await until('one run that is kept', async () => (await runsOf(after)).length === 1);
      expect((await runsOf(after)).every(hasEnded)).toBe(true);
      expect((await after.ask('GET', `/v1/runs/${ids[0]}`)).status).toBe(404);
      await after.stop();
    } finally {
      receiver.closeAllConnections();
      await new Promise((done) => receiver.close(done));
    }
  },
  LONGEST_TEST_MS,
);

const runsOf = async (service: Served) => (await service.ask('GET', '/v1/runs')).body.items;

/** What was said about a pull request behind its description. */
async function commentsOf(number: number): Promise<unknown[]> {
  const response = await fetch(`${hub.url}/api/models/you/told/discussions/${number}`);
  const { events } = (await response.json()) as { events: { type: string }[] };
  return events.filter(({ type }) => type === 'comment').slice(1);
}

async function receive(notices: { body: string; signature: string; timestamp: number }[]): Promise<Server> {
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    const { 'x-hubfuse-signature': signature, 'x-hubfuse-timestamp': timestamp } = request.headers;
    notices.push({ body, signature: String(signature), timestamp: Number(timestamp) });
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}
