import { UsageError } from '@hubfuse/plugin';
import { defineCommand } from '../command.ts';
import { expectJson, requireOk, requireServer, serverOptions } from '../server-options.ts';
import { renderTable } from '../terminal/table.ts';

export default defineCommand({
  name: 'webhooks',
  summary: "Register a server with the Hub's webhooks",
  description: [
    'The server registers itself, with its own token, address (--public-url of `hubfuse serve`) and secret, which never ' +
      'leaves it. Without names `add` watches everything that the stored recipes name now: models, data, and what they ' +
      'publish to. Takes a key with the scope admin.',
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
    org: { type: 'flag', description: 'a name without a slash is an organisation, not a user' },
  },
  examples: [
    { command: 'hubfuse webhooks add', explanation: 'watch what the stored recipes use' },
    { command: 'hubfuse webhooks add ana/model datasets/ana/clinc150', explanation: 'watch these' },
    { command: 'hubfuse webhooks remove 0123456789abcdef01234567', explanation: 'end one' },
  ],
  async run(context) {
    const { positionals, output, options } = context;
    const [action, ...names] = positionals;
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
    if (action !== 'remove' || id === undefined || names.length > 1) {
      throw new UsageError({
        code: 'usage/webhooks',
        message: `webhooks cannot be told to "${positionals.join(' ')}"`,
        hint: 'hubfuse webhooks list, add [<name>...], remove <id>',
      });
    }
    await requireOk(await webhooks[':id'].$delete({ param: { id } }));
    output.result({ removed: id }, () => `the webhook ${id} is gone`);
    return undefined;
  },
});

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
