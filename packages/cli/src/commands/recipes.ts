import { UsageError } from '@hubfuse/plugin';
import { defineCommand } from '../command.ts';
import { readRecipeFile } from '../read-recipe-file.ts';
import { expectJson, requireOk, requireServer, type Server, serverOptions } from '../server-options.ts';
import { renderTable } from '../terminal/table.ts';

export default defineCommand({
  name: 'recipes',
  summary: 'Store recipes on a server, which then runs them by itself',
  description: [
    'A stored recipe is a subscription: it runs whenever one of its models or its data changes, on its schedule, and on ' +
      'request. `put` makes one; it changes one only with the etag of the version that was seen, or with --overwrite.',
  ],
  positionals: [
    { name: 'action', description: 'list, show, put or delete', required: true },
    { name: 'name', description: 'name of the stored recipe', required: false },
    { name: 'file', description: 'the recipe to put', required: false },
  ],
  options: {
    ...serverOptions,
    etag: { type: 'text', value: 'etag', description: 'the version that is changed or deleted' },
    overwrite: { type: 'flag', description: 'change it whatever its version is' },
  },
  examples: [
    { command: 'hubfuse recipes put support recipe.yaml', explanation: 'from now on it runs by itself' },
    { command: 'hubfuse recipes show support', explanation: 'its text, and what is noted about it' },
    { command: 'hubfuse recipes list', explanation: 'all of them, with their last runs' },
  ],
  async run(context) {
    const { positionals, output, options, directory } = context;
    const [action, name, file] = positionals;
    const server = await requireServer(context);
    const { recipes } = server.client.v1;
    if (action === 'list') {
      const items = await listAll(server);
      output.result({ recipes: items }, () =>
        items.length === 0
          ? 'no stored recipes'
          : renderTable(
              [{ title: 'name' }, { title: 'method' }, { title: 'models' }, { title: 'last run' }, { title: 'notes' }],
              items.map(({ name: stored, method = '?', models, lastRun, notes }) => [
                stored,
                method,
                models.join(' '),
                lastRun === undefined ? '' : `${lastRun.id} ${lastRun.state}`,
                notes.map(({ message }) => message).join('; '),
              ]),
            ),
      );
      return undefined;
    }
    if (
      name === undefined ||
      !['show', 'put', 'delete'].includes(action ?? '') ||
      (action === 'put') !== (file !== undefined)
    ) {
      throw new UsageError({
        code: 'usage/recipes',
        message: `recipes cannot be told to "${positionals.join(' ')}"`,
        hint: 'hubfuse recipes list, show <name>, put <name> <file>, delete <name>',
      });
    }
    const param = { name };
    const condition = options.overwrite ? '*' : options.etag === undefined ? undefined : `"${options.etag}"`;
    const header = condition === undefined ? {} : { 'if-match': condition };
    if (action === 'show') {
      const recipe = await expectJson(await recipes[':name'].$get({ param }));
      for (const { message, hint } of recipe.notes) output.warn(hint === undefined ? message : `${message}\n  ${hint}`);
      output.result({ recipe }, () => recipe.text.trimEnd());
      output.note(`etag ${recipe.etag}`);
      return undefined;
    }
    if (action === 'delete') {
      await requireOk(await recipes[':name'].$delete({ param, header }));
      output.result({ deleted: name }, () => `the stored recipe "${name}" is gone; runs under way go on`);
      return undefined;
    }
    const text = await readRecipeFile(directory, file ?? '');
    // A recipe is stored to the letter, which the typed client, made for JSON, cannot do.
    const response = await server.request(`/v1/recipes/${encodeURIComponent(name)}`, {
      method: 'PUT',
      headers: { 'content-type': 'application/yaml', ...header },
      body: text,
    });
    const recipe = (await expectJson(response)) as StoredRecipeView;
    const made = response.status === 201;
    output.result({ recipe, created: made }, () =>
      [
        `the stored recipe "${name}" was ${made ? 'made' : 'changed'} and runs by itself`,
        `etag ${recipe.etag}`,
        `  hubfuse runs start --stored ${name}   starts it now`,
        `  hubfuse webhooks add                 lets the Hub tell the server of pushes`,
      ].join('\n'),
    );
    return undefined;
  },
});

type StoredRecipeView = Extract<
  Awaited<ReturnType<Awaited<ReturnType<Server['client']['v1']['recipes'][':name']['$get']>>['json']>>,
  { text: string }
>;

type RecipePage = Extract<
  Awaited<ReturnType<Awaited<ReturnType<Server['client']['v1']['recipes']['$get']>>['json']>>,
  { items: unknown }
>;

async function listAll({ client }: Server): Promise<RecipePage['items']> {
  const items: RecipePage['items'] = [];
  for (let cursor: string | undefined; ; ) {
    const query = cursor === undefined ? {} : { cursor };
    const page: RecipePage = await expectJson(await client.v1.recipes.$get({ query }));
    items.push(...page.items);
    cursor = page.next;
    if (cursor === undefined) return items;
  }
}
