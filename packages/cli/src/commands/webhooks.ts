import { UsageError } from '@hubfuse/plugin';
import { type CommandContext, defineCommand } from '../command.ts';
import { common } from '../common-options.ts';
import { expectJson, findServer, requireOk, requireServer, serverOptions } from '../server-options.ts';
import { renderTable } from '../terminal/table.ts';

export default defineCommand({
  name: 'webhooks',
  summary: "Register a server, or a job, with the Hub's webhooks",
  description: [
    'The server registers itself, with its own token, address (--public-url of `hubfuse serve`) and secret, which never ' +
      'leaves it. Without names `add` watches everything that the stored recipes name now: models, data, and what they ' +
      'publish to. Takes a key with the scope admin.',
    'With --job no server is needed: a push starts a job of Hugging Face Jobs, which makes and executes the run of that ' +
      'recipe, once per push however often the Hub tells of it. A recipe file is put into the store under its name, and the ' +
      'job runs once to prove that it reaches store and Hub; then the webhook is registered, in the place of an earlier one ' +
      'of the recipe. HUBFUSE_JOBS says whose jobs they are, HUBFUSE_STORE (in S3) where recipes and runs lie; token and ' +
      'AWS_* keys of this command go to the job as its secrets. Without a server `list` and `remove` mean these.',
  ],
  positionals: [
    { name: 'action', description: 'list, add or remove', required: true },
    {
      name: 'what',
      description: 'to add: ns/name, datasets/ns/name, or a user or organisation as ns; to remove: the id of a webhook',
      required: false,
      multiple: true,
    },
  ],
  options: {
    ...serverOptions,
    job: {
      type: 'text',
      value: 'recipe',
      description: 'start a job for this recipe, without a server: a file (.yaml, .json), or the name of a stored one',
    },
    store: {
      type: 'text',
      value: 'url',
      default: 'HUBFUSE_STORE, else the store of the configuration',
      description: 'with --job: store in S3 that holds recipes and runs',
    },
    hub: common.hub,
    token: common.token,
    org: { type: 'flag', description: 'a name without a slash is an organisation, not a user' },
  },
  examples: [
    { command: 'hubfuse webhooks add', explanation: 'watch what the stored recipes use' },
    { command: 'hubfuse webhooks add ana/model datasets/ana/clinc150', explanation: 'watch these' },
    {
      command: 'hubfuse webhooks add --job support.yaml --store s3://team-bucket/hubfuse',
      explanation: 'merge again with every push, with no server at all',
    },
    { command: 'hubfuse webhooks remove 0123456789abcdef01234567', explanation: 'end one' },
  ],
  async run(context) {
    const { positionals, output, options } = context;
    const [action, ...names] = positionals;
    if (options.job !== undefined || (action !== 'add' && (await findServer(context)) === undefined)) {
      return await withJobs(context);
    }
    const { client } = await requireServer(context);
    const { webhooks } = client.v1;
    if (action === 'list') {
      const { items } = await expectJson(await webhooks.$get());
      output.result({ webhooks: items }, () =>
        items.length === 0
          ? 'no webhooks lead to this server'
          : renderTable(
              [{ title: 'id' }, { title: 'watches' }, { title: 'state' }],
              items.map(({ id, watched, disabled }) => [
                id,
                watched.map(({ type, name }) => `${type} ${name}`).join(', '),
                disabled ? 'disabled' : 'active',
              ]),
            ),
      );
      return undefined;
    }
    if (action === 'add') {
      const watched = names.map((name) => watchedItem(name, options.org ? 'org' : 'user'));
      const webhook = await expectJson(await webhooks.$post({ json: watched.length === 0 ? {} : { watched } }));
      output.result({ webhook }, () =>
        [`the Hub tells ${webhook.url} about`, ...webhook.watched.map(({ type, name }) => `  ${type} ${name}`)].join(
          '\n',
        ),
      );
      return undefined;
    }
    const [id] = names;
    if (action !== 'remove' || id === undefined || names.length > 1) throw misused(positionals);
    await requireOk(await webhooks[':id'].$delete({ param: { id } }));
    output.result({ removed: id }, () => `the webhook ${id} is gone`);
    return undefined;
  },
});

/** Webhooks that start jobs: the Hub itself is asked. */
async function withJobs(
  context: Pick<CommandContext, 'environment' | 'configuration' | 'signal' | 'registry' | 'directory' | 'output'> & {
    positionals: readonly string[];
    options: {
      job?: string | undefined;
      store?: string | undefined;
      hub?: string | undefined;
      token?: string | undefined;
    };
  },
): Promise<undefined> {
  const { positionals, options, output, directory, signal } = context;
  const [action, id, ...more] = positionals;
  const { addJobWebhook, listJobWebhooks, openJobParts, removeJobWebhook } = await import('../job-webhooks.ts');
  if (options.job !== undefined) {
    if (action !== 'add' || id !== undefined) throw misused(positionals);
    const parts = await openJobParts(context);
    output.note('a job proves that it reaches the store and the Hub; its machine may take minutes to come');
    const added = await addJobWebhook(parts, { recipe: options.job, directory, signal });
    output.result(added, () =>
      [
        `the Hub starts a job on ${added.flavor} for the recipe "${added.webhook.recipe}" with every push to`,
        ...added.webhook.watched.map(({ type, name }) => `  ${type} ${name}`),
        `hubfuse webhooks remove ${added.webhook.id} ends it`,
      ].join('\n'),
    );
    return undefined;
  }
  const { hubOptions } = await import('../hub-options.ts');
  const hub = await hubOptions(context);
  if (action === 'list' && id === undefined) {
    const webhooks = await listJobWebhooks(hub);
    output.result({ webhooks }, () =>
      webhooks.length === 0
        ? 'no webhooks of this account start a job of hubfuse; --server shows those that lead to a server'
        : renderTable(
            [{ title: 'id' }, { title: 'recipe' }, { title: 'watches' }, { title: 'state' }],
            webhooks.map(({ id: webhook, recipe, watched, disabled }) => [
              webhook,
              recipe,
              watched.map(({ type, name }) => `${type} ${name}`).join(', '),
              disabled ? 'disabled' : 'active',
            ]),
          ),
    );
    return undefined;
  }
  if (action !== 'remove' || id === undefined || more.length > 0) throw misused(positionals);
  await removeJobWebhook(hub, id);
  output.result({ removed: id }, () => `the webhook ${id} is gone`);
  return undefined;
}

function misused(positionals: readonly string[]): UsageError {
  return new UsageError({
    code: 'usage/webhooks',
    message: `webhooks cannot be told to "${positionals.join(' ')}"`,
    hint: 'hubfuse webhooks list, add [<name>...], add --job <recipe>, remove <id>',
  });
}

function watchedItem(name: string, owner: 'user' | 'org') {
  const steps = name.split('/');
  if (steps.length === 1) return { type: owner, name } as const;
  if (steps.length === 2) return { type: 'model', name } as const;
  if (steps.length === 3 && steps[0] === 'datasets')
    return { type: 'dataset', name: steps.slice(1).join('/') } as const;
  throw new UsageError({
    code: 'usage/watched',
    message: `"${name}" is nothing that a webhook watches`,
    hint: 'ns/name for a model, datasets/ns/name for a dataset, ns for everything of a user',
  });
}
