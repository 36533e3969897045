import { defineCommand } from '../command.ts';
import { describeExtensions } from '../describe-extensions.ts';
import { describeMethod, methodParameterRows, PARAMETER_COLUMNS } from '../method-pages.ts';
import { renderTable } from '../terminal/table.ts';

export default defineCommand({
  name: 'methods',
  summary: 'List the merge methods, or show one with its parameters, formula and sources',
  description: [
    'Built-in methods and those of plugins (--plugin, or "plugins" in hubfuse.config.json) are listed alike.',
  ],
  positionals: [{ name: 'method', description: 'a method to show in full', required: false }],
  options: {
    all: {
      type: 'flag',
      description: 'list every extension: architectures, tasks, metrics, publishers and the others too',
    },
  },
  examples: [
    { command: 'hubfuse methods', explanation: 'what a recipe may name as merge_method' },
    { command: 'hubfuse methods pcb', explanation: 'everything about one method' },
    { command: 'hubfuse methods --plugin ./median.js', explanation: 'with the methods of a plugin' },
    { command: 'hubfuse methods --all', explanation: 'everything that a recipe may name or a plugin may add to' },
  ],
  async run({ positionals, options, output, registry }) {
    const extensions = await registry();
    const [name] = positionals;
    if (options.all) {
      const all = describeExtensions(extensions);
      output.result({ extensions: all }, () =>
        renderTable(
          [{ title: 'kind' }, { title: 'name' }, { title: 'what it is' }],
          all.map(({ kind, name: extension, about }) => [kind, extension, about]),
        ),
      );
      return undefined;
    }
    if (name === undefined) {
      const methods = extensions.list('method');
      output.result({ methods: methods.map(describeMethod) }, () =>
        renderTable(
          [{ title: 'method' }, { title: 'what it does' }],
          methods.map((method) => [method.name, method.description]),
        ),
      );
      return undefined;
    }
    const method = extensions.get('method', name);
    output.result({ method: describeMethod(method) }, () =>
      [
        `${output.style.bold(method.title)} (merge_method: ${method.name})`,
        '',
        method.description,
        '',
        method.formula.trim(),
        '',
        renderTable(PARAMETER_COLUMNS, methodParameterRows(method)),
        '',
        'Sources:',
        ...method.sources.map((source) => `  - ${source}`),
      ].join('\n'),
    );
    return undefined;
  },
});
