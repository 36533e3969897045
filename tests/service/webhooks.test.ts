import type { StorePublication } from '@hubfuse/objects';
import { uploadFile } from '@huggingface/hub';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type S3Double, startS3Double } from '../../packages/objects/test/s3-double/server.ts';
import { exampleRecipe } from '../runs/example-run.ts';
import { type ExampleHub, startExampleHub } from '../support/example-hub.ts';
import { S3_VARIABLES } from '../support/s3-double.ts';
import { hasEnded, LONGEST_TEST_MS, type Served, serve, until } from './served.ts';

let hub: ExampleHub;
let s3: S3Double;
let service: Served;
beforeAll(async () => {
  hub = await startExampleHub();
  s3 = await startS3Double();
  s3.storeUrl('models', '');
  service = await serve(hub, {
    name: 'service',
    variables: {
      ...S3_VARIABLES,
      AWS_REGION: 'us-east-1',
      AWS_ENDPOINT_URL_S3: s3.endpoint,
    },
  });
});
afterAll(async () => {
  await service?.stop();
  await s3.close();
  await hub.close();
});

const domains = ['money', 'home'] as const;
const scored = { method: 'task_arithmetic', domains, evaluate: 4, splits: ['dev'] } as const;

/** Pushes a file to a model of the Hub, as its owner would; returns the commit. */
async function push(repo: string, content: string): Promise<string> {
  const output = await uploadFile({
    repo,
    file: { path: 'notes.txt', content: new Blob([content]) },
    hubUrl: hub.url,
    accessToken: 'hf_you',
  });
  return output?.commit.oid ?? '';
}

const hubApi = async (path: string, init: RequestInit = {}): Promise<Response> =>
  fetch(`${hub.url}${path}`, {
    ...init,
    headers: { authorization: 'Bearer hf_you', 'content-type': 'application/json' },
  });

/** Everything that was delivered has been worked off, and no run is under way. */
async function settled(): Promise<void> {
  await until('quiet', async () => {
    const { items } = (await service.ask('GET', '/v1/runs?limit=200')).body as {
      items: Parameters<typeof hasEnded>[0][];
    };
    return items.every(hasEnded);
  });
}

test(
  'a push to a model becomes a pull request with card and scores and a copy in S3, and nothing loops',
  async () => {
    const publish = [
      'publish:',
      '  if: mean > 0',
      '  hub: {repo: you/support, as: pull_request}',
      '  s3: {url: "s3://models/support"}',
    ].join('\n');
    const put = await service.ask('PUT', '/v1/recipes/support', { body: exampleRecipe({ ...scored, publish }) });
    expect(put.status).toBe(201);
    const webhook = await service.ask('POST', '/v1/webhooks', { body: {} });
    expect(webhook.status, webhook.text).toBe(201);
    const sha = await push('hubfuse-examples/intents-money', 'first');

    const [run] = await service.runsOf('support', (runs) => runs.length > 0 && runs.every(hasEnded));
    const shown = (await service.ask('GET', `/v1/runs/${run?.id}`)).body;
    expect(shown, JSON.stringify(shown.error)).toMatchObject({
      state: 'done',
      origin: {
        trigger: 'webhook',
        recipe: { name: 'support', etag: put.body.etag },
        cause: { type: 'model', repo: 'hubfuse-examples/intents-money', sha },
      },
      gate: { met: true },
      published: [
        { publisher: 'hub', as: 'pull_request' },
        { publisher: 's3', url: 's3://models/support/manifest.json' },
      ],
    });
    expect(shown.models).toContainEqual({ name: 'hubfuse-examples/intents-money', role: 'model', revision: sha });

    const { discussions } = (await (await hubApi('/api/models/you/support/discussions')).json()) as {
      discussions: { num: number; isPullRequest: boolean; status: string }[];
    };
    expect(discussions).toMatchObject([{ num: 1, isPullRequest: true, status: 'open' }]);
    const card = await (await fetch(`${hub.url}/you/support/resolve/refs%2Fpr%2F1/README.md`)).text();
    expect(card).toContain('hubfuse-examples/intents-money');
    expect(card).toContain('model-index');

    const { objects } = s3.bucket('models');
    const manifest = JSON.parse(objects.get('support/manifest.json')?.body.toString() ?? '{}') as StorePublication;
    expect(manifest.files.map(({ path }) => path)).toEqual(expect.arrayContaining(['model.safetensors', 'README.md']));
    for (const { key } of manifest.files) expect(objects.has(`support/${key}`), key).toBe(true);

    // The Hub has told of the pull request as well, which is watched. A push that does start a run comes behind it.
    const again = await push('hubfuse-examples/intents-home', 'second');
    const runs = await service.runsOf('support', (all) => all.length > 1 && all.every(hasEnded));
    const causes = await Promise.all(
      runs.map(async ({ id }) => (await service.ask('GET', `/v1/runs/${id}`)).body.origin.cause.sha),
    );
    expect(causes.sort()).toEqual([sha, again].sort());
  },
  LONGEST_TEST_MS,
);

test(
  'a delivery that comes again starts nothing, and what no recipe uses starts nothing',
  async () => {
    await settled();
    const before = (await service.ask('GET', '/v1/runs?limit=200')).body.items.length;
    const webhooks = (await (await hubApi('/api/settings/webhooks')).json()) as { id: string; secret?: string }[];
    const secret = webhooks[0]?.secret ?? '';
    const sha = ((await (await hubApi('/api/models/hubfuse-examples/intents-money')).json()) as { sha: string }).sha;
    const delivery = (repo: string, ref: string) => ({
      event: { action: 'update', scope: 'repo.content' },
      repo: { type: 'model', name: repo, private: false, headSha: sha },
      updatedRefs: [{ ref, oldSha: null, newSha: sha }],
    });
    const deliver = (body: object) =>
      service.ask('POST', '/v1/webhooks/huggingface', { body, headers: { 'x-webhook-secret': secret } });
    for (let times = 0; times < 5; times++) {
      const answer = await deliver(delivery('hubfuse-examples/intents-money', 'refs/heads/main'));
      expect(answer.status).toBe(202);
    }
    await deliver(delivery('hubfuse-examples/intents-money', 'refs/pr/7'));
    await deliver(delivery('hubfuse-examples/intents-office', 'refs/heads/main'));
    expect((await deliver({ ...delivery('x', 'y'), event: undefined })).status).toBe(422);
    // Letters are worked off in order: a push behind them shows that they were.
    const last = await push('hubfuse-examples/intents-home', 'third');
    await service.runsOf('support', (all) => all.length > 2 && all.every(hasEnded));
    const { items } = (await service.ask('GET', '/v1/runs?limit=200')).body;
    expect(items.length).toBe(before + 1);
    expect((await service.ask('GET', `/v1/runs/${items[0].id}`)).body.origin.cause.sha).toBe(last);
  },
  LONGEST_TEST_MS,
);

test(
  'a gate that does not hold publishes nothing, says why, and what was made is published on request',
  async () => {
    const publish = 'publish: {hub: {repo: you/strict}, if: mean > 0.99}';
    await service.ask('PUT', '/v1/recipes/strict', { body: exampleRecipe({ ...scored, publish }) });
    const started = await service.ask('POST', '/v1/runs', { body: { stored: 'strict' } });
    expect(started.status).toBe(201);
    await service.runsOf('strict', (runs) => runs.length > 0 && runs.every(hasEnded));
    const { body } = await service.ask('GET', `/v1/runs/${started.body.id}`);
    expect(body).toMatchObject({ state: 'done', gate: { met: false }, published: [] });
    expect(body.gate.comparisons[0]).toMatchObject({ text: 'mean > 0.99', met: false });
    expect((await hubApi('/api/models/you/strict')).status).toBe(404);

    // Somebody has looked at it and wants it all the same.
    const at = `/v1/runs/${started.body.id}`;
    const asked = await service.ask('POST', `${at}/publish`);
    expect(asked.status, asked.text).toBe(202);
    const published = async () => (await service.ask('GET', at)).body;
    // The state follows what was published.
    await until('the publication', async () => {
      const { state, published: places } = await published();
      return state === 'done' && places?.length > 0;
    });
    expect(await published()).toMatchObject({ published: [{ publisher: 'hub' }] });
    expect((await hubApi('/api/models/you/strict')).status).toBe(200);
    for (const action of ['publish', 'retry']) {
      expect(await service.ask('POST', `${at}/${action}`)).toMatchObject({
        status: 409,
        body: { code: 'run/published' },
      });
    }
    expect((await service.ask('DELETE', at)).status).toBe(204);
    expect((await service.ask('GET', at)).status).toBe(404);
    await service.ask('DELETE', '/v1/recipes/strict');
  },
  LONGEST_TEST_MS,
);
