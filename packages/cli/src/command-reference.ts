import type { Command, Options } from './command.ts';
import { everywhere } from './common-options.ts';
import { EXIT_CODES } from './exit-codes.ts';
import { optionDescription, optionTerm, usageLine } from './help.ts';
import { renderMarkdownTable } from './terminal/table.ts';

/** The documentation page of the command line, in Markdown. */
export function renderCommandReference(commands: readonly Command[]): string {
  return [
    '# The command line',
    '',
    renderMarkdownTable(
      [{ title: 'command' }, { title: 'what it does' }],
      commands.map(({ name, summary }) => [`[${name}](#${name})`, summary]),
    ),
    '',
    'Every command takes:',
    '',
    renderOptionTable(everywhere),
    '',
    'Results go to stdout, everything else to stderr. With `--json` stdout holds one JSON object per line and nothing',
    'else; `event` says what a line is, the last one being `result` or `error`.',
    '',
    renderMarkdownTable(
      [{ title: 'variable' }, { title: 'meaning' }],
      [
        ['`HF_ENDPOINT`', 'the Hub, where `--hub` does not name one'],
        ['`HF_TOKEN`, `HF_HOME`, `HF_HUB_CACHE`, `HF_HUB_OFFLINE`', "as in Hugging Face's own tools"],
        ['`HUBFUSE_HOME`', 'folder for the state of runs; default `~/.cache/hubfuse`'],
        ['`HUBFUSE_STORE`', 'store of `worker`, where `--store` does not name one'],
        [
          '`HUBFUSE_SERVER`, `HUBFUSE_KEY`',
          'the server that `runs`, `recipes`, `keys` and `webhooks` speak to, and the key for it',
        ],
        [
          '`HUBFUSE_MASTER_KEY`',
          'secret of a service, 32 bytes in hexadecimal or base64; default: a file that `serve` makes',
        ],
        ['`HUBFUSE_WEBHOOK_SECRET`', "what the Hub's webhooks send to a service; default: made from the master key"],
        ['`HUBFUSE_NOTICE_SECRET`', 'signs what `serve --notify` posts'],
        ['`HUBFUSE_DEBUG`', 'show the stack of an error'],
        ['`NO_COLOR`', 'no colours'],
      ],
    ),
    '',
    'An empty variable counts as unset.',
    '',
    '`hubfuse.config.json` in the working directory may name plugins, the Hub, and the store that keeps interrupted runs.',
    '`serve` in it holds what the options of `hubfuse serve` say, by these names:',
    '',
    '```json',
    '{ "plugins": ["./median.js", "hubfuse-plugin-example"], "hub": "http://127.0.0.1:8700", "store": "./runs",',
    '  "serve": { "notify": "https://example.com/hubfuse", "comments": true, "keepDays": 90, "keepRuns": 1000,',
    '             "drain": 30, "rate": 100, "s3": ["s3://models/merged"] } }',
    '```',
    '',
    '## Exit codes',
    '',
    renderMarkdownTable(
      [{ title: 'code', align: 'right' }, { title: 'meaning' }],
      Object.values(EXIT_CODES).map(({ code, meaning }) => [String(code), meaning]),
    ),
    '',
    ...commands.flatMap(renderCommand),
  ].join('\n');
}

function renderCommand(command: Command): string[] {
  const { name, summary, description, positionals, options, examples } = command;
  const lines = [`## ${name}`, '', `\`${usageLine(command)}\``, '', `${summary}.`, ''];
  for (const paragraph of description) lines.push(paragraph, '');
  if (positionals.length > 0) {
    const rows = positionals.map((positional) => [`\`<${positional.name}>\``, positional.description]);
    lines.push(renderMarkdownTable([{ title: 'argument' }, { title: 'meaning' }], rows), '');
  }
  if (Object.keys(options).length > 0) lines.push(renderOptionTable(options), '');
  if (examples.length > 0) {
    lines.push('```sh', ...examples.flatMap((example) => [`# ${example.explanation}`, example.command]), '```', '');
  }
  return lines;
}

function renderOptionTable(options: Options): string {
  return renderMarkdownTable(
    [{ title: 'option' }, { title: 'meaning' }],
    Object.entries(options).map(([name, option]) => [`\`${optionTerm(name, option)}\``, optionDescription(option)]),
  );
}
