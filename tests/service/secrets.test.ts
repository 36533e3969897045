import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type S3Double, startS3Double } from '../../packages/objects/test/s3-double/server.ts';
import { CREDENTIALS } from '../../packages/objects/test/s3-double/signature.ts';
import { exampleRecipe } from '../runs/example-run.ts';
import { type ExampleHub, startExampleHub } from '../support/example-hub.ts';
import { hubfuse } from '../support/hubfuse.ts';
import { S3_VARIABLES } from '../support/s3-double.ts';
import { findLeaks, type Secrets } from './leaks.ts';
import { type Asked, type AskOptions, hasEnded, type Served, serve, until } from './served.ts';

/** One for every way in which a secret comes in. */
const CANARIES = {
  'token of the server': 'hf_canaryServerQzXv7Lk2Pw9RtYb4Nc',
  'token of a caller': 'hf_canaryCallerJm3Hd8Gs5Fa1Kq6Zx',
  'token of a caller that the Hub refuses': 'hf_canaryRefusedBn4Vc7Xz2Ml9Kj5Hg',
  'token in a recipe': 'hf_canaryRecipeWe5Rt6Yu7Io8Pa9SdFgHj',
  'token in a query': 'hf_canaryQueryUi6Op2As8Df4Gh1Jk',
  'secret of the webhook': 'canary/webhook+secret=%20Tg7Yh3',
  'wrong secret of a webhook': 'canary-wrong-secret-Er4Ty6',
  'wrong key': 'hfk_canaryWrongKeyPl0Ok9',
  'wrong key of a session': 'hfk_canaryWrongSessionVb6Nm3',
  'key in a query': 'hfk_canaryQueryKeyXc2Vb5',
  'token of a plan': 'hf_canaryPlanQa8Ws6Ed4Rf2Tg1',
  'token of a retry': 'hf_canaryRetryMk7Nj5Bh3Vg1Cf9',
  'token that is none': 'canaryNoTokenZs4Xd6',
  'secret of notices': 'canary/notice+secret=Kl3Jh5',
  'secret of the OAuth app': 'canary.oauth.Yt6Re4Wq2',
  'master key': 'c0ffee5eed0ca11ab1ec0ffee5eed0ca11ab1ec0ffee5eed0ca11ab1ec0ffee5',
};

let hub: ExampleHub;
let s3: S3Double;
let service: Served;
/** Everything that the service has answered, but what hands out a secret on purpose. */
const answers: Record<string, string> = {};
const secrets: Record<string, string> = { ...CANARIES, 'secret key of S3': CREDENTIALS.secretAccessKey };

beforeAll(async () => {
  const you = { name: 'you', orgs: ['hubfuse-examples'], role: 'write' } as const;
  hub = await startExampleHub({
    tokens: { [CANARIES['token of the server']]: you, [CANARIES['token of a caller']]: you },
  });
  s3 = await startS3Double();
  s3.storeUrl('models');
  const made = await hubfuse(
    [
      'keys',
      'create',
      '--name',
      'test',
      '--scope',
      'admin',
      '--namespace',
      '*',
      '--s3',
      's3://models',
      '--data',
      join(hub.work, 'secrets'),
      '--json',
    ],
    { variables: { ...hub.variables, HUBFUSE_MASTER_KEY: CANARIES['master key'] } },
  );
  secrets['key of the service'] = String(made.last().key);
  service = await serve(hub, {
    name: 'secrets',
    // Nobody is there: what could not be told is kept and noted.
    argv: ['--notify', 'http://127.0.0.1:9/notices', '--admit', 'you'],
    variables: {
      HUBFUSE_MASTER_KEY: CANARIES['master key'],
      HUBFUSE_NOTICE_SECRET: CANARIES['secret of notices'],
      OAUTH_CLIENT_ID: 'client',
      OAUTH_CLIENT_SECRET: CANARIES['secret of the OAuth app'],
      HF_TOKEN: CANARIES['token of the server'],
      HUBFUSE_WEBHOOK_SECRET: CANARIES['secret of the webhook'],
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

async function ask(method: string, path: string, options: AskOptions = {}): Promise<Asked> {
  const answer = await service.ask(method, path, { key: secrets['key of the service'] ?? '', ...options });
  answers[`${Object.keys(answers).length} ${method} ${path.split('?')[0]}`] =
    `${answer.text}\n${[...answer.headers].filter(([name]) => name !== 'set-cookie').join('\n')}`;
  return answer;
}

const recipe = (name: string) =>
  exampleRecipe({
    method: 'task_arithmetic',
    domains: ['money', 'home'],
    evaluate: 2,
    splits: ['dev'],
    publish: `publish: {hub: you/${name}, s3: {url: "s3://models/${name}"}}`,
  });

async function ended(id: string): Promise<string> {
  let state = '';
  await until(`the end of ${id}`, async () => {
    const { body } = await service.ask('GET', `/v1/runs/${id}`, { key: secrets['key of the service'] ?? '' });
    state = body.state;
    return hasEnded(body);
  });
  return state;
}

test('no secret that comes in is in any file, log, event, report, card or answer', async () => {
  const own = await ask('POST', '/v1/runs', {
    body: recipe('own'),
    headers: { 'x-hf-token': CANARIES['token of a caller'] },
  });
  const servers = await ask('POST', '/v1/runs', { body: recipe('servers') });
  const refused = await ask('POST', '/v1/runs', {
    body: recipe('refused'),
    headers: { 'x-hf-token': CANARIES['token of a caller that the Hub refuses'] },
  });
  expect([own.status, servers.status, refused.status]).toEqual([201, 201, 201]);
  const written = `${recipe('x')}# ${CANARIES['token in a recipe']}\n`;
  expect(await ask('POST', '/v1/runs', { body: written })).toMatchObject({
    status: 422,
    body: { code: 'recipe/secret' },
  });
  expect((await ask('PUT', '/v1/recipes/leaky', { body: written })).status).toBe(422);
  await ask('GET', `/v1/runs?token=${CANARIES['token in a query']}`);
  await ask('GET', '/v1/runs', { key: CANARIES['wrong key'] });
  await ask('POST', '/v1/session', { body: { key: CANARIES['wrong key of a session'] } });
  await ask('GET', `/v1/runs?key=${CANARIES['key in a query']}`);
  for (const name of ['token of a plan', 'token that is none'] as const) {
    await ask('POST', '/v1/plans', { body: recipe('planned'), headers: { 'x-hf-token': CANARIES[name] } });
  }
  const delivery = { event: { action: 'update', scope: 'repo' }, repo: { type: 'model', name: 'a/b' } };
  for (const name of ['secret of the webhook', 'wrong secret of a webhook'] as const) {
    await ask('POST', '/v1/webhooks/huggingface', { body: delivery, headers: { 'x-webhook-secret': CANARIES[name] } });
  }
  expect((await ask('POST', '/v1/webhooks', { body: { watched: [{ type: 'user', name: 'you' }] } })).status).toBe(201);
  await ask('GET', '/v1/webhooks');
  const session = await service.ask('POST', '/v1/session', { body: { key: secrets['key of the service'] } });
  secrets['cookie of a session'] = /hubfuse_session=([^;]+)/.exec(session.headers.get('set-cookie') ?? '')?.[1] ?? '';
  expect(secrets['cookie of a session']).toHaveLength(43);

  const ids = [own, servers, refused].map(({ body }) => String(body.id));
  expect(await Promise.all(ids.map(ended))).toEqual(['done', 'done', 'failed']);
  const again = { headers: { 'x-hf-token': CANARIES['token of a retry'] } };
  expect((await ask('POST', `/v1/runs/${ids[2]}/retry`, again)).status).toBe(202);
  expect(await ended(ids[2] ?? '')).toBe('failed');
  for (const id of ids) {
    for (const part of [
      '',
      '/events',
      '/logs',
      '/report',
      '/artefacts',
      '/artefacts/README.md',
      '/artefacts/hubfuse.json',
    ]) {
      await ask('GET', `/v1/runs/${id}${part}`);
    }
  }
  for (const path of ['/v1/runs', '/v1/keys', '/v1/recipes', '/v1/session', '/metrics', '/openapi.json'])
    await ask('GET', path);
  await until('the wiping of the tokens', async () => (await leaks()).length === 0).catch(() => undefined);
  expect(await leaks()).toEqual([]);
}, 240_000);

/** All that the service, the Hub's repositories and the bucket hold by now. */
async function leaks(more: Secrets = {}) {
  const bucket = [...s3.bucket('models').objects].filter(([key]) => !key.endsWith('.safetensors'));
  return await findLeaks({
    secrets: { ...secrets, ...more },
    folders: [
      service.data,
      join(hub.work, 'huggingface'),
      join(hub.folder, '.hub', 'blobs'),
      join(hub.folder, '.hub', 'repos'),
    ],
    texts: {
      ...answers,
      'output of the service': service.output(),
      ...Object.fromEntries(bucket.map(([key, { body }]) => [`s3 ${key}`, body.toString('latin1')])),
    },
    except: [join(service.data, 'master-key')],
  });
}

test('a leak is found, whatever it looks like', async () => {
  const folder = join(hub.work, 'planted');
  await mkdir(folder);
  const secret = CANARIES['secret of the webhook'];
  const ways: [form: string, text: string][] = [
    ['raw', `x${secret}y`],
    ['base64', Buffer.from(`a${secret}bc`).toString('base64')],
    ['base64', Buffer.from(`ab${secret}`).toString('base64url')],
    ['base64', Buffer.from(secret).toString('base64')],
    ['URL', `?secret=${encodeURIComponent(secret)}`],
    ['hexadecimal', Buffer.from(secret).toString('hex')],
  ];
  for (const [form, text] of ways) {
    const file = join(folder, 'file');
    await writeFile(file, text);
    const found = await findLeaks({ secrets: { planted: secret }, folders: [folder], texts: { text } });
    expect(found).toEqual([
      { where: 'text', secret: 'planted', form },
      { where: file, secret: 'planted', form },
    ]);
  }
  expect(await findLeaks({ secrets: { planted: secret }, folders: [], texts: { none: 'nothing' } })).toEqual([]);
});
