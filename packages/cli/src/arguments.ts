import { parseArgs } from 'node:util';
import { didYouMean, UsageError } from '@hubfuse/plugin';
import type { Command, Option, Options, OptionValues } from './command.ts';
import { everywhere } from './common-options.ts';
import { parseSize } from './units.ts';

export interface ParsedArguments<O extends Options> {
  options: OptionValues<O & typeof everywhere>;
  positionals: readonly string[];
}

/**
 * Reads the arguments after the command's name. With `--help` the rest is not checked.
 * @throws UsageError naming the option or argument that is unknown, missing or out of bounds.
 */
export function parseArguments<O extends Options>(command: Command<O>, argv: readonly string[]): ParsedArguments<O> {
  const declared: Options = { ...command.options, ...everywhere };
  const { tokens } = parseArgs({
    args: [...argv],
    options: Object.fromEntries(
      Object.entries(declared).map(([name, option]) => [
        name,
        {
          type: option.type === 'flag' ? ('boolean' as const) : ('string' as const),
          multiple: option.type === 'list',
          ...(option.short === undefined ? {} : { short: option.short }),
        },
      ]),
    ),
    allowPositionals: true,
    strict: false,
    tokens: true,
  });

  const positionals: string[] = [];
  const values: Record<string, unknown> = {};
  for (const [name, option] of Object.entries(declared)) {
    if (option.type === 'flag') values[name] = false;
    if (option.type === 'list') values[name] = [];
  }
  const problems: UsageError[] = [];
  for (const token of tokens) {
    if (token.kind === 'positional') positionals.push(token.value);
    if (token.kind !== 'option') continue;
    try {
      const { name, rawName, value, inlineValue } = token;
      if (value !== undefined && inlineValue !== true && /^-\D/.test(value)) {
        throw usage('usage/missing-value', `${rawName} needs a value, and ${value} is an option`, {
          hint: `a value that begins with a dash is written ${rawName}=${value}`,
        });
      }
      readOption({ command, declared, values, name, rawName, value });
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      problems.push(error);
    }
  }
  if (values.help !== true) {
    if (problems[0] !== undefined) throw problems[0];
    checkPositionals(command, positionals);
  }
  return { options: values as ParsedArguments<O>['options'], positionals };
}

function readOption<O extends Options>(given: {
  command: Command<O>;
  declared: Options;
  values: Record<string, unknown>;
  name: string;
  rawName: string;
  value: string | undefined;
}): void {
  const { command, declared, values, name, rawName, value } = given;
  const option = Object.hasOwn(declared, name) ? declared[name] : undefined;
  if (option === undefined) {
    throw usage('usage/unknown-option', `hubfuse ${command.name} has no option ${rawName}`, {
      hint: didYouMean(
        rawName,
        Object.keys(declared).map((known) => `--${known}`),
      ),
    });
  }
  if (option.type === 'flag') {
    if (value !== undefined) throw usage('usage/unexpected-value', `${rawName} takes no value, not "${value}"`);
    values[name] = true;
    return;
  }
  if (value === undefined || value === '') {
    throw usage('usage/missing-value', `${rawName} needs a value`, { hint: `${rawName} <${option.value}>` });
  }
  if (option.type === 'list') {
    (values[name] as string[]).push(value);
    return;
  }
  if (values[name] !== undefined) throw usage('usage/repeated-option', `${rawName} is given twice`);
  values[name] = readValue(option, rawName, value);
}

function readValue(option: Exclude<Option, { type: 'flag' }>, rawName: string, text: string): string | number {
  if (option.type === 'text') {
    if (option.choices !== undefined && !option.choices.includes(text)) {
      throw usage('usage/bad-value', `${rawName} cannot be "${text}"`, { hint: didYouMean(text, option.choices) });
    }
    return text;
  }
  if (option.type === 'size') {
    const bytes = parseSize(text);
    if (bytes !== undefined) return bytes;
    throw usage('usage/bad-value', `${rawName} is no size: "${text}"`, {
      hint: 'bytes, or a number with KB, MB, GB (1000) or KiB, MiB, GiB (1024), such as 512MiB',
    });
  }
  const pattern = option.type === 'integer' ? /^-?\d+$/ : /^-?\d+(\.\d+)?(e[+-]?\d+)?$/i;
  const number = pattern.test(text) ? Number(text) : Number.NaN;
  const { minimum, maximum } = option;
  const exact = option.type === 'number' || Number.isSafeInteger(number);
  const inside = number >= (minimum ?? Number.NEGATIVE_INFINITY) && number <= (maximum ?? Number.POSITIVE_INFINITY);
  if (Number.isFinite(number) && exact && inside) return number;
  const kind = option.type === 'integer' ? 'a whole number' : 'a number';
  const least = minimum === undefined ? '' : ` of at least ${minimum}`;
  const bound = maximum === undefined ? least : ` from ${minimum ?? 0} to ${maximum}`;
  throw usage('usage/bad-value', `${rawName} must be ${kind}${bound}, not "${text}"`);
}

function checkPositionals<O extends Options>(command: Command<O>, given: readonly string[]): void {
  const missing = command.positionals.filter((positional) => positional.required)[given.length];
  const hint = `hubfuse ${command.name} --help`;
  if (missing !== undefined) {
    throw usage('usage/missing-argument', `hubfuse ${command.name} needs <${missing.name}>: ${missing.description}`, {
      hint,
    });
  }
  const unlimited = command.positionals.at(-1)?.multiple === true;
  const extra = unlimited ? undefined : given[command.positionals.length];
  if (extra !== undefined) {
    throw usage('usage/extra-argument', `hubfuse ${command.name} does not take "${extra}"`, { hint });
  }
}

function usage(code: string, message: string, details: { hint?: string } = {}): UsageError {
  return new UsageError({ code, message, ...details });
}
