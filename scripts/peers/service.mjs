// Runs schemathesis against a served API on this machine: node scripts/peers/service.mjs [options of `schemathesis run`]
// PYTHON names the interpreter (default: python3).
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startHubServer } from '@hubfuse/hub-server';
import { importExamples } from '../example-hub.mjs';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const python = process.env.PYTHON || 'python3';
/** So many cases of an operation are made at random, beside those that cover its parameters one by one. */
const CASES = 250;
/** What has to hold of every answer. */
const CHECKS = [
  'not_a_server_error',
  'status_code_conformance',
  'content_type_conformance',
  'response_headers_conformance',
  'response_schema_conformance',
  'unsupported_method',
];

const folder = mkdtempSync(join(tmpdir(), 'hubfuse-peers-service-'));
const children = new Set();
process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
});
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(130));

await importExamples(join(folder, 'hub'));
const hub = await startHubServer({ folder: join(folder, 'hub') });
const { PATH, HOME } = process.env;
const server = spawn(
  process.execPath,
  [
    ...[join(root, 'packages/cli/bin/hubfuse.js'), 'serve', '--json', '--port', '0', '--data', join(folder, 'data')],
    // Its requests come from one client, and what they start shall not be executed.
    ...['--hub', hub.url, '--concurrency', '0', '--rate', '100000'],
  ],
  {
    env: { PATH, HOME, HF_TOKEN: 'hf_you', HF_HOME: join(folder, 'huggingface') },
    stdio: ['ignore', 'pipe', 'inherit'],
  },
);
children.add(server);
let requests = 0;
const url = await new Promise((found, fail) => {
  let text = '';
  server.stdout.setEncoding('utf8').on('data', (more) => {
    text += more;
    const lines = text.split('\n');
    text = lines.pop();
    for (const line of lines) {
      const event = JSON.parse(line);
      if (event.event === 'request') requests++;
      if (event.event === 'result') found(event.url);
    }
  });
  server.on('exit', (code) => fail(new Error(`the server ended with ${code}`)));
});
const ask = async (path, body, key) => {
  const response = await fetch(`${url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(key === undefined ? {} : { authorization: `Bearer ${key}` }) },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${path}: ${await response.text()}`);
  return await response.json();
};
const { key } = await ask('/v1/keys', { name: 'schemathesis', scopes: ['admin'], namespaces: ['*'] });
const recipe = 'merge_method: linear\nmodels: [hubfuse-examples/intents-money, hubfuse-examples/intents-home]\n';
await ask('/v1/runs', { recipe }, key);
requests = 0;

const command = 'from schemathesis.cli import schemathesis; schemathesis()';
const schemathesis = spawn(
  python,
  [
    ...['-c', command, 'run', `${url}/openapi.json`, '--header', `Authorization: Bearer ${key}`],
    ...[
      '--checks',
      CHECKS.join(','),
      '--max-examples',
      String(CASES),
      '--phases',
      'examples,coverage,fuzzing,stateful',
    ],
    ...['--seed', '9', '--no-color', '--warnings', 'off', '--continue-on-failure', '--request-timeout', '60'],
    ...process.argv.slice(2),
  ],
  { stdio: 'inherit', cwd: folder },
);
children.add(schemathesis);
const code = await new Promise((done) => schemathesis.on('close', done));
process.stdout.write(`${requests} requests were answered\n`);
process.exit(code ?? 1);
