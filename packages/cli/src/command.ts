import type { Registry } from '@hubfuse/plugin';
import type { Configuration } from './configuration.ts';
import type { Environment } from './environment.ts';
import type { Output } from './output.ts';

interface OptionBase {
  description: string;
  /** One letter that stands for the option, as `-o`. */
  short?: string;
}

/** A switch: present or absent. */
export interface FlagOption extends OptionBase {
  type: 'flag';
}

/** An option that takes a value. */
export interface ValueOption extends OptionBase {
  /**
   * `text` as written; `integer` and `number` in decimal; `size` in bytes, or with KB MB GB (powers of 1000) or
   * KiB MiB GiB (powers of 1024); `list` may be given several times.
   */
  type: 'text' | 'integer' | 'number' | 'size' | 'list';
  /** What the value is, as help shows it between angle brackets: `url`. */
  value: string;
  /** What holds where the option is absent, in words; only for help. */
  default?: string;
  /** Smallest number that is allowed. */
  minimum?: number;
  /** Largest number that is allowed. */
  maximum?: number;
  /** The only words that are allowed. */
  choices?: readonly string[];
}

export type Option = FlagOption | ValueOption;
export type Options = Readonly<Record<string, Option>>;

type OptionValue<O extends Option> = O['type'] extends 'flag'
  ? boolean
  : O['type'] extends 'list'
    ? readonly string[]
    : O['type'] extends 'text'
      ? string | undefined
      : number | undefined;

/** Values of options by name. A switch that is absent is false, a list that is absent is empty. */
export type OptionValues<O extends Options> = { readonly [Name in keyof O]: OptionValue<O[Name]> };

/** An argument that is named by its place. */
export interface Positional {
  name: string;
  description: string;
  required: boolean;
  /** Takes all that follow; only the last one may. */
  multiple?: boolean;
}

export interface Example {
  command: string;
  /** What it does, in one line. */
  explanation: string;
}

/** What a command is given to do its work. */
export interface CommandContext<O extends Options = Options> {
  options: OptionValues<O>;
  positionals: readonly string[];
  output: Output;
  /** Aborts on Ctrl-C and SIGTERM. */
  signal: AbortSignal;
  /** The working directory, absolute. */
  directory: string;
  environment: Environment;
  configuration: Configuration;
  /** What `--plugin` named. */
  plugins: readonly string[];
  /** Built-in extensions and the user's plugins, loaded on the first call. */
  registry(): Promise<Registry>;
}

/**
 * One command: what it takes and what it does. From this alone come the parser, `--help` and the reference in the
 * documentation. One file per command; the file imports nothing heavy before `run` is called.
 */
export interface Command<O extends Options = Options> {
  name: string;
  /** One line for the list of commands. */
  summary: string;
  /** Paragraphs for the command's own help; lines are wrapped. */
  description: readonly string[];
  positionals: readonly Positional[];
  options: O;
  examples: readonly Example[];
  /** After an interruption the same command continues where it stopped. */
  resumes?: boolean;
  /** Exit code where a second signal ends the process at once. Default: that of an interruption. */
  killedExitCode?: number;
  /** Resolves to the exit code; nothing means 0. */
  run(context: CommandContext<O>): Promise<number | undefined>;
}

/** Fixes the types of the options' values to their declarations. */
export function defineCommand<const O extends Options>(command: Command<O>): Command<O> {
  return command;
}
