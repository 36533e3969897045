import { UsageError } from '@hubfuse/plugin';
import { defineCommand } from '../command.ts';
import { expectJson, findServer, serverOptions } from '../server-options.ts';
import { renderTable } from '../terminal/table.ts';

export default defineCommand({
  name: 'keys',
  summary: 'List, make and revoke the keys of a server',
  description: [
    'With --server or HUBFUSE_SERVER the server is asked, which takes a key with the scope admin. With --data, or where no ' +
      'server is named, the keys lie in the data folder of a server on this machine, which need not run: so the first key is made.',
    'A key is shown once, when it is made. Scopes: read looks; run also starts and stops runs and stores recipes; admin ' +
      'may do everything. --namespace says whose private repositories a key reads with the token of the server, and where ' +
      'it publishes; --s3 says where in S3 it does; * stands for all.',
  ],
  positionals: [
    { name: 'action', description: 'list, create or revoke', required: true },
    { name: 'id', description: 'the key to revoke, by its id', required: false },
  ],
  options: {
    ...serverOptions,
    data: {
      type: 'text',
      value: 'folder',
      default: 'HUBFUSE_HOME',
      description: 'data folder of the server, which is not asked then',
    },
    name: { type: 'text', value: 'text', description: 'what a new key is for' },
    scope: { type: 'list', value: 'scope', description: 'read, run or admin; may be given several times' },
    namespace: {
      type: 'list',
      value: 'name',
      description: 'a user or organisation of the Hub, or *; may be given several times',
    },
    s3: {
      type: 'list',
      value: 'url',
      description: 'address in S3 (s3://bucket/prefix) below which it may publish, or *; may be given several times',
    },
    'runs-per-day': { type: 'integer', value: 'n', minimum: 1, description: 'runs that the key may start on one day' },
  },
  examples: [
    { command: 'hubfuse keys create --name me --scope admin --namespace "*"', explanation: 'the first key' },
    {
      command: 'hubfuse keys create --name ci --scope run --namespace my-team --server https://hubfuse.example',
      explanation: 'one that may publish to my-team, made by the server',
    },
    { command: 'hubfuse keys revoke 0a1b2c3d4e5f', explanation: 'end a key' },
  ],
  async run(context) {
    const { positionals, output, options } = context;
    const [action, id] = positionals;
    const keys = await openKeys(context);
    if (action === 'list') {
      const all = await keys.list();
      output.result({ keys: all }, () => (all.length === 0 ? 'no keys' : renderKeys(all)));
      return undefined;
    }
    if (action === 'create') {
      if (options.name === undefined || options.scope.length === 0) {
        throw new UsageError({
          code: 'usage/new-key',
          message: 'a new key needs a name and a scope',
          hint: 'hubfuse keys create --name ci --scope run',
        });
      }
      const { name, scope: scopes, namespace: namespaces, s3, 'runs-per-day': runsPerDay } = options;
      const made = await keys.create({
        name,
        scopes,
        namespaces,
        s3,
        ...(runsPerDay === undefined ? {} : { runsPerDay }),
      });
      output.result(
        made,
        () => `${made.key}\n\nThis is shown once. Its id, for \`hubfuse keys revoke\`, is ${made.id}.`,
      );
      return undefined;
    }
    if (action === 'revoke' && id !== undefined) {
      const key = await keys.revoke(id);
      output.result({ key }, () => `the key ${key.id} ("${key.name}") opens nothing any more`);
      return undefined;
    }
    throw new UsageError({
      code: 'usage/keys',
      message: action === 'revoke' ? 'no key is named' : `keys cannot be told to "${action}"`,
      hint: 'hubfuse keys list, hubfuse keys create --name ... --scope ..., hubfuse keys revoke <id>',
    });
  },
});

/** A key as it is shown. */
interface ShownKey {
  id: string;
  name: string;
  scopes: readonly string[];
  namespaces: readonly string[];
  s3: readonly string[];
  createdAt: string;
  revokedAt?: string | undefined;
}

/** Keys wherever they are kept. */
interface KeyKeeper {
  list(): Promise<ShownKey[]>;
  create(settings: {
    name: string;
    scopes: readonly string[];
    namespaces: readonly string[];
    s3: readonly string[];
    runsPerDay?: number;
  }): Promise<{ id: string; key: string }>;
  revoke(id: string): Promise<ShownKey>;
}

async function openKeys(context: Parameters<typeof findServer>[0] & InstallationContext): Promise<KeyKeeper> {
  const { data, server: named } = context.options;
  if (data !== undefined && named !== undefined) {
    throw new UsageError({
      code: 'usage/keys-place',
      message: 'a data folder and a server are named',
      hint: 'give --data to work in a folder, or --server to ask a server',
    });
  }
  // A folder that is named is meant, whatever server the environment names for the commands beside this one.
  const server = data === undefined ? await findServer(context) : undefined;
  if (server === undefined) {
    const { openInstallation } = await import('../installation.ts');
    return (await openInstallation(context)).keys;
  }
  const { keys } = server.client.v1;
  return {
    list: async () => (await expectJson(await keys.$get())).items,
    create: async ({ name, scopes, namespaces, s3, runsPerDay }) => {
      const json = {
        name,
        scopes: scopes as ('read' | 'run' | 'admin')[],
        namespaces: [...namespaces],
        s3: [...s3],
        ...(runsPerDay === undefined ? {} : { runsPerDay }),
      };
      return await expectJson(await keys.$post({ json }));
    },
    revoke: async (id) => await expectJson(await keys[':id'].$delete({ param: { id } })),
  };
}

type InstallationContext = Parameters<typeof import('../installation.ts').openInstallation>[0];

function renderKeys(keys: readonly ShownKey[]): string {
  return renderTable(
    [
      { title: 'id' },
      { title: 'name' },
      { title: 'scopes' },
      { title: 'namespaces' },
      { title: 'S3' },
      { title: 'made' },
      { title: 'revoked' },
    ],
    keys.map(({ id, name, scopes, namespaces, s3, createdAt, revokedAt = '' }) => [
      id,
      name,
      scopes.join(' '),
      namespaces.join(' '),
      s3.join(' '),
      createdAt.slice(0, 10),
      revokedAt.slice(0, 10),
    ]),
  );
}
