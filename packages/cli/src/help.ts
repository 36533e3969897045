import type { Command, Option, Options } from './command.ts';
import { everywhere } from './common-options.ts';
import { renderTable, wrap } from './terminal/table.ts';

const WIDTH = 100;

/** `hubfuse --help` */
export function renderOverview(commands: readonly Command[]): string {
  const rows = commands.map((command) => [`  ${command.name}`, command.summary]);
  return [
    'hubfuse merges models of the Hugging Face Hub by URL, scores the result and publishes it.',
    '',
    'Usage: hubfuse <command> [options]',
    '',
    'Commands:',
    renderTable([{ title: '' }, { title: '' }], rows),
    '',
    'Options of every command:',
    renderOptions(everywhere),
    '',
    'hubfuse <command> --help shows what a command takes, with examples.',
  ].join('\n');
}

/** `hubfuse <command> --help` */
export function renderCommandHelp(command: Command): string {
  const parts = [wrap(command.summary, WIDTH), '', `Usage: ${usageLine(command)}`];
  for (const paragraph of command.description) parts.push('', wrap(paragraph, WIDTH));
  if (command.positionals.length > 0) {
    const rows = command.positionals.map((positional) => [`  <${positional.name}>`, positional.description]);
    parts.push('', 'Arguments:', renderTable([{ title: '' }, { title: '' }], rows));
  }
  if (Object.keys(command.options).length > 0) parts.push('', 'Options:', renderOptions(command.options));
  parts.push('', 'Options of every command:', renderOptions(everywhere));
  if (command.examples.length > 0) {
    parts.push('', 'Examples:');
    for (const example of command.examples) parts.push(`  # ${example.explanation}`, `  ${example.command}`);
  }
  return parts.join('\n');
}

/** `hubfuse merge [<recipe>] [<model>...] [options]` */
export function usageLine(command: Command): string {
  const positionals = command.positionals.map(({ name, required, multiple }) => {
    const word = `<${name}>${multiple === true ? '...' : ''}`;
    return required ? word : `[${word}]`;
  });
  return ['hubfuse', command.name, ...positionals, '[options]'].join(' ');
}

/** `-q, --quiet` or `--hub <url>` */
export function optionTerm(name: string, option: Option): string {
  const short = option.short === undefined ? '' : `-${option.short}, `;
  return `${short}--${name}${option.type === 'flag' ? '' : ` <${option.value}>`}`;
}

/** What an option does, its words and what holds without it. */
export function optionDescription(option: Option): string {
  if (option.type === 'flag') return option.description;
  const choices = option.choices === undefined ? '' : `: ${option.choices.join(', ')}`;
  const otherwise = option.default === undefined ? '' : ` (default: ${option.default})`;
  return `${option.description}${choices}${otherwise}`;
}

function renderOptions(options: Options): string {
  const entries = Object.entries(options);
  const terms = entries.map(([name, option]) => `  ${optionTerm(name, option)}`);
  const indent = ' '.repeat(Math.max(...terms.map((term) => term.length)) + 2);
  return entries
    .map(([, option], i) => {
      const text = wrap(optionDescription(option), WIDTH, indent);
      return (terms[i] ?? '').padEnd(indent.length) + text.slice(indent.length);
    })
    .join('\n');
}
