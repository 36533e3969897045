import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { UsageError } from '@hubfuse/plugin';
import { defineCommand } from '../command.ts';

export default defineCommand({
  name: 'serve-hub',
  summary: 'Serve a folder as a Hugging Face Hub',
  description: [
    'Models lie in <folder>/<namespace>/<name>, datasets in <folder>/datasets/<namespace>/<name>; they are imported as ' +
      'repositories when the server starts, and what is pushed is kept in <folder>/.hub. A folder that does not exist ' +
      'is created. hubfuse, @huggingface/hub, transformers.js and the Python libraries work against it unchanged.',
    'Without --tokens, on a loopback address, any token that begins with hf_ may write in any namespace. Ends on Ctrl-C ' +
      'and SIGTERM.',
  ],
  positionals: [{ name: 'folder', description: 'the folder to serve', required: true }],
  options: {
    port: {
      type: 'integer',
      value: 'n',
      minimum: 0,
      maximum: 65535,
      default: 'a free one',
      description: 'TCP port to listen on',
    },
    host: { type: 'text', value: 'address', default: '127.0.0.1', description: 'address to listen on' },
    'public-url': {
      type: 'text',
      value: 'url',
      description: 'address that clients use, where it is not the one listened on',
    },
    tokens: {
      type: 'text',
      value: 'file',
      description: 'JSON file of accounts by token: {"hf_...": {"name": "me", "orgs": ["team"], "role": "write"}}',
    },
    faults: { type: 'flag', description: 'let clients inject faults at /_faults, for tests' },
  },
  examples: [
    { command: 'hubfuse serve-hub models --port 8700', explanation: 'a Hub at http://127.0.0.1:8700' },
    {
      command: 'HF_ENDPOINT=http://127.0.0.1:8700 hubfuse merge recipe.yaml --out merged',
      explanation: 'merge from it; Python reads the same variable',
    },
  ],
  async run({ options, positionals, output, directory, signal }) {
    const { startHubServer } = await import('@hubfuse/hub-server');
    const [folder = ''] = positionals;
    const { port, host, tokens } = options;
    const accounts = tokens === undefined ? undefined : await readAccounts(resolve(directory, tokens), tokens);
    const server = await startHubServer({
      folder: resolve(directory, folder),
      onNotice: (message) => output.event({ event: 'notice', message }, message),
      ...(port === undefined ? {} : { port }),
      ...(host === undefined ? {} : { host }),
      ...(options['public-url'] === undefined ? {} : { publicUrl: options['public-url'].replace(/\/+$/, '') }),
      ...(accounts === undefined ? {} : { tokens: accounts }),
      ...(options.faults ? { faults: [] } : {}),
    });
    output.result({ url: server.url, folder, imported: server.imported }, () =>
      [
        `serving ${folder} at ${server.url}`,
        ...server.imported.map((repo) => `  imported ${repo}`),
        `use it with --hub ${server.url}, or HF_ENDPOINT=${server.url}; Ctrl-C ends it`,
      ].join('\n'),
    );
    if (!signal.aborted) await new Promise((done) => signal.addEventListener('abort', done, { once: true }));
    await server.close();
    return undefined;
  },
});

type Accounts = NonNullable<Parameters<typeof import('@hubfuse/hub-server').startHubServer>[0]['tokens']>;

async function readAccounts(path: string, name: string): Promise<Accounts> {
  let accounts: unknown;
  try {
    accounts = JSON.parse(await readFile(path, 'utf8'));
  } catch (cause) {
    throw unusable(name, `the accounts cannot be read: ${(cause as Error).message}`, cause);
  }
  if (typeof accounts !== 'object' || accounts === null || Array.isArray(accounts)) {
    throw unusable(name, 'the accounts are no JSON object');
  }
  // The position stands for the token, which no message may show.
  for (const [i, account] of Object.values(accounts).entries()) {
    const { name: user, orgs = [], role = 'write' } = (account ?? {}) as Record<string, unknown>;
    const named = typeof user === 'string' && user !== '';
    if (!named || !Array.isArray(orgs) || (role !== 'read' && role !== 'write')) {
      throw unusable(name, `account ${i + 1} is not {"name": ..., "orgs": [...], "role": "read" or "write"}`);
    }
  }
  return accounts as Accounts;
}

function unusable(where: string, message: string, cause?: unknown): UsageError {
  return new UsageError({ code: 'usage/accounts', where, message, cause });
}
