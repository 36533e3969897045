import { type ChildProcess, spawn } from 'node:child_process';
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { createServer as createHttpServer, type Server } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { importFolder } from '@hubfuse/hub-server';
import { openStore } from '@hubfuse/objects';
import { listRuns, readRun } from '@hubfuse/runs';
import { Keys, parseMasterKey } from '@hubfuse/service';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { BatchDouble } from '../../packages/cloud/test/batch-double/server.ts';
import { CREDENTIALS, isSigned } from '../../packages/objects/test/s3-double/signature.ts';
import { pushTo } from '../../packages/service/test/payloads.ts';
import { bundleFunctions } from '../../scripts/bundle-functions.mjs';
import { environment } from '../environment.ts';
import { exampleRecipe } from '../runs/example-run.ts';
import { Bench } from '../runs/harness.ts';
import { type ExampleHub, startExampleHub } from '../support/example-hub.ts';
import { S3_VARIABLES, type S3Double, startOwnS3 } from '../support/s3-double.ts';
import { startBatchService } from './batch-service.ts';

/** Bytes of the API's bundle, its pages included. */
const MOST_BYTES = 5e6;
const LOOKS = 60;

const PUBLIC_URL = 'https://hubfuse.example';
const masterKey = randomBytes(32).toString('hex');
const webhookSecret = randomBytes(32).toString('hex');
const SECRETS: Record<string, string> = {
  'arn:master': masterKey,
  'arn:webhook': webhookSecret,
  'arn:hub': JSON.stringify({ token: 'hf_you' }),
};

let bundles: string;
let inputs: Record<string, string[]>;
let hub: ExampleHub;
let s3: S3Double;
let batch: BatchDouble;
let secrets: Server;
let variables: Record<string, string>;
let storeUrl: string;

beforeAll(async () => {
  const givenKey = process.env.AWS_ACCESS_KEY_ID;
  bundles = await mkdtemp(join(tmpdir(), 'hubfuse-bundles-'));
  const made = await bundleFunctions(bundles);
  inputs = Object.fromEntries(Object.entries(made).map(([name, { inputs: read }]) => [name, Object.keys(read)]));
  hub = await startExampleHub();
  s3 = await startOwnS3();
  // Over a real S3 where `npm run test:s3` has started one, whose keys are those of the doubles.
  const real = givenKey === CREDENTIALS.accessKeyId ? environment.s3 : undefined;
  storeUrl = real?.replace(/\/*(\?|$)/, `/deployed-${randomUUID()}$1`) ?? s3.storeUrl('state', 'hubfuse');
  ({ double: batch } = await startBatchService(hub));
  secrets = await startSecrets();
  variables = {
    PATH: process.env.PATH ?? '',
    HOME: bundles,
    AWS_REGION: 'us-east-1',
    ...S3_VARIABLES,
    AWS_ENDPOINT_URL_BATCH: batch.endpoint,
    AWS_ENDPOINT_URL_CLOUDWATCH_LOGS: batch.endpoint,
    AWS_ENDPOINT_URL_SECRETS_MANAGER: `http://127.0.0.1:${(secrets.address() as AddressInfo).port}`,
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
    HF_ENDPOINT: hub.url,
    HUBFUSE_STORE: storeUrl,
    HUBFUSE_BATCH: process.env.HUBFUSE_BATCH ?? '',
    HUBFUSE_PUBLIC_URL: PUBLIC_URL,
    HUBFUSE_MASTER_KEY_SECRET_ARN: 'arn:master',
    HUBFUSE_WEBHOOK_SECRET_ARN: 'arn:webhook',
    HUBFUSE_HUB_TOKEN_SECRET_ARN: 'arn:hub',
  };
}, 180_000);
afterAll(async () => {
  await batch.close();
  await s3.close();
  await hub.close();
  secrets.closeAllConnections();
  secrets.close();
  await rm(bundles, { recursive: true, force: true });
});

/** GetSecretValue as the SDK asks for it. */
async function startSecrets(): Promise<Server> {
  const server = createHttpServer(async (request, response) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const body = Buffer.concat(parts);
    const { SecretId } = JSON.parse(body.toString()) as { SecretId: string };
    const known = isSigned(request, body) && request.headers['x-amz-target'] === 'secretsmanager.GetSecretValue';
    response.writeHead(known ? 200 : 403, { 'content-type': 'application/x-amz-json-1.1' });
    response.end(
      JSON.stringify(known ? { Name: SecretId, SecretString: SECRETS[SecretId] } : { __type: 'AccessDenied' }),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** The API's bundle as Lambda starts it. */
async function startApi(): Promise<{ url: string; child: ChildProcess; stop(): Promise<void> }> {
  const port = await freePort();
  const child = spawn(process.execPath, [join(bundles, 'api', 'index.js')], {
    env: { ...variables, AWS_LAMBDA_HTTP_ENDPOINT: `127.0.0.1:${port}` },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (said += text));
  await vi.waitFor(() => expect(said.slice(-1500)).toContain('"listening"'), { timeout: 40_000, interval: 50 });
  return {
    url: `http://127.0.0.1:${port}`,
    child,
    async stop() {
      const ended = new Promise((resolve) => child.on('close', resolve));
      child.kill('SIGTERM');
      await ended;
    },
  };
}

/** The dispatcher's bundle as Lambda calls it, each time in an environment of its own. */
function dispatch(why: string): Promise<void> {
  const entry = pathToFileURL(join(bundles, 'dispatch', 'index.js')).href;
  const script = `import(${JSON.stringify(entry)}).then((m) => m.handler({ why: ${JSON.stringify(why)} })).then(() => process.exit(0), (e) => { console.error(e); process.exit(1); })`;
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['-e', script], { env: variables, stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    child.on('close', (code) => (code === 0 ? resolve() : reject(new Error(said))));
  });
}

async function sizeOf(path: string): Promise<number> {
  const facts = await stat(path);
  if (!facts.isDirectory()) return facts.size;
  const sizes = await Promise.all((await readdir(path)).map((name) => sizeOf(join(path, name))));
  return sizes.reduce((sum, size) => sum + size, 0);
}

test('the bundles carry no ONNX, no CDK and no worker, and the one of the API is under 5 MB', async () => {
  for (const read of Object.values(inputs)) {
    expect(read.length).toBeGreaterThan(100);
    expect(
      read.filter((path) => /onnxruntime|@huggingface\/transformers|aws-cdk|constructs|functions\/worker/.test(path)),
    ).toEqual([]);
  }
  expect(await sizeOf(join(bundles, 'api'))).toBeLessThan(MOST_BYTES);
});

test('a push to a model becomes a published merge: webhook, functions, Batch, worker, S3 and Hub', async () => {
  const api = await startApi();
  try {
    const bench = await Bench.open(hub, 'deployed', storeUrl);
    const store = await openStore(storeUrl, bench.registry);
    const { key } = await new Keys({ store, master: parseMasterKey(masterKey) }).create({
      name: 'test',
      scopes: ['admin'],
      namespaces: ['*'],
    });
    const authorization = `Bearer ${key}`;
    expect((await fetch(`${api.url}/healthz`)).status).toBe(200);
    expect((await fetch(`${api.url}/v1/recipes`)).status).toBe(401);
    expect((await fetch(`${api.url}/`)).status).toBe(200);

    const recipe = exampleRecipe({
      evaluate: false,
      publish: 'publish: {hub: {repo: you/deployed, as: pull_request}}',
    });
    const put = await fetch(`${api.url}/v1/recipes/support`, {
      method: 'PUT',
      headers: { authorization, 'content-type': 'application/yaml', 'if-none-match': '*' },
      body: `${recipe}\ntrigger: {refs: [main]}\n`,
    });
    expect(put.status, await put.clone().text()).toBeLessThan(300);

    // A new commit of a parent, and what the Hub says of it.
    const { commit } = await importFolder({
      root: hub.folder,
      repo: 'hubfuse-examples/intents-money',
      folder: join(import.meta.dirname, '../../examples/intents-tiny/home'),
    });
    const payload = pushTo({ repo: 'hubfuse-examples/intents-money', number: 1, newSha: commit });
    const deliver = (secret: string) =>
      fetch(`${api.url}/v1/webhooks/huggingface`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-webhook-secret': secret },
        body: JSON.stringify(payload),
      });
    expect((await deliver('wrong')).status).toBe(401);
    for (let times = 0; times < 3; times++) expect((await deliver(webhookSecret)).status).toBeLessThan(300);

    let run: string | undefined;
    let status = '';
    for (let look = 0; look < LOOKS && status !== 'done' && status !== 'failed'; look++) {
      await dispatch(look === 0 ? 'written' : 'sweep');
      const runs = await listRuns({ store });
      expect(runs.length).toBeLessThanOrEqual(1);
      run = runs[0]?.id;
      status = runs[0]?.status ?? '';
    }
    const { state, report } = await readRun({ store, runId: run ?? '' });
    expect(state.status, JSON.stringify(state.error)).toBe('done');
    expect(report?.published).toHaveLength(1);
    expect(batch.submissions).toHaveLength(1);
    const local = await (await Bench.open(hub, 'deployed-here')).run(exampleRecipe({ evaluate: false }));
    const weights = (files: readonly { path: string; sha256: string }[] = []) =>
      files.find(({ path }) => path === 'model.safetensors')?.sha256;
    expect(weights(report?.files)).toBe(weights(local.files));
    const answer = await fetch(`${api.url}/v1/runs/${run}`, { headers: { authorization } });
    expect(await answer.json()).toMatchObject({ id: run, state: 'done', origin: { trigger: 'webhook' } });
    expect(report?.published[0]).toMatchObject({ as: 'pull_request', url: `${hub.url}/you/deployed/discussions/1` });

    // What the machine wrote is read through the API when the machine is gone.
    const read = async (path: string) =>
      await fetch(`${api.url}/v1/runs/${run}/${path}`, { headers: { authorization } });
    const { items } = (await (await read('artefacts')).json()) as { items: { path: string; sha256: string }[] };
    const file = items.find(({ path }) => path === 'model.safetensors');
    expect(file?.sha256).toBe(weights(local.files));
    const bytes = new Uint8Array(await (await read('artefacts/model.safetensors')).arrayBuffer());
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(file?.sha256);
    expect(await (await read('logs')).text()).toContain('"event":"worker-done"');

    // The service registers its webhook for the address that the stack gave it.
    const webhooks = await fetch(`${api.url}/v1/webhooks`, {
      method: 'POST',
      headers: { authorization, 'content-type': 'application/json' },
      body: '{}',
    });
    expect(await webhooks.json()).toMatchObject({ url: `${PUBLIC_URL}/v1/webhooks/huggingface` });
  } finally {
    await api.stop();
  }
}, 300_000);
