import type { Registry } from '@hubfuse/plugin';
import { UsageError } from '@hubfuse/plugin';
import { parseArguments } from './arguments.ts';
import type { Command } from './command.ts';
import { loadCommand, loadCommands } from './command-table.ts';
import { readConfiguration } from './configuration.ts';
import { type Environment, readEnvironment } from './environment.ts';
import { EXIT_CODES, exitCodeOf } from './exit-codes.ts';
import { renderCommandHelp, renderOverview } from './help.ts';
import { Interruption } from './interruption.ts';
import { Output, type Stream } from './output.ts';
import { explainSystemFailure } from './system-failures.ts';

export interface Invocation {
  /** Arguments after the program's name. */
  argv: readonly string[];
  variables: Readonly<Record<string, string | undefined>>;
  /** Working directory, absolute. */
  directory: string;
  stdout: Stream;
  stderr: Stream;
}

/** Runs one command line. Resolves to the exit code and never throws. */
export async function main(invocation: Invocation): Promise<number> {
  const environment = readEnvironment(invocation.variables);
  // Until the arguments are read, only their presence says how an error is to be shown.
  const wantsJson = invocation.argv.includes('--json');
  const early = createOutput(invocation, environment, { json: wantsJson, quiet: false });
  try {
    return await dispatch(invocation, environment);
  } catch (cause) {
    const error = explainSystemFailure(cause);
    const exitCode = exitCodeOf(error);
    early.error(error, exitCode);
    return exitCode;
  }
}

async function dispatch(invocation: Invocation, environment: Environment): Promise<number> {
  const [name, ...rest] = invocation.argv;
  if (name === undefined || name === '--help' || name === '-h' || (name === 'help' && rest.length === 0)) {
    invocation.stdout.write(`${renderOverview(await loadCommands())}\n`);
    return name === undefined ? EXIT_CODES.usage.code : EXIT_CODES.ok.code;
  }
  if (name === '--version' || name === '-V') return dispatch({ ...invocation, argv: ['version'] }, environment);
  if (name === 'help') return dispatch({ ...invocation, argv: [...rest, '--help'] }, environment);
  if (name.startsWith('-')) {
    throw new UsageError({
      code: 'usage/no-command',
      message: `the command comes first, not ${name}`,
      hint: 'hubfuse --help lists the commands',
    });
  }
  return runCommand(await loadCommand(name), { ...invocation, argv: rest }, environment);
}

async function runCommand(command: Command, invocation: Invocation, environment: Environment): Promise<number> {
  const { options, positionals } = parseArguments(command, invocation.argv);
  if (options.help) {
    invocation.stdout.write(`${renderCommandHelp(command)}\n`);
    return EXIT_CODES.ok.code;
  }
  const output = createOutput(invocation, environment, options);
  const interruption = new Interruption(command.killedExitCode);
  interruption.listen();
  try {
    const configuration = await readConfiguration(invocation.directory);
    let registry: Promise<Registry> | undefined;
    const exitCode = await command.run({
      options,
      positionals,
      output,
      signal: interruption.signal,
      directory: invocation.directory,
      environment,
      configuration,
      plugins: options.plugin,
      registry() {
        registry ??= loadExtensions(invocation.directory, [...configuration.plugins, ...options.plugin]);
        return registry;
      },
    });
    output.endProgress();
    return exitCode ?? EXIT_CODES.ok.code;
  } catch (cause) {
    if (interruption.happened) {
      const { code } = EXIT_CODES.interrupted;
      output.interrupted(code, command.resumes === true);
      return code;
    }
    const error = explainSystemFailure(cause);
    const exitCode = exitCodeOf(error);
    output.error(error, exitCode);
    return exitCode;
  } finally {
    interruption.release();
  }
}

async function loadExtensions(directory: string, plugins: readonly string[]): Promise<Registry> {
  const { createRegistry } = await import('./extensions.ts');
  return createRegistry(directory, plugins);
}

function createOutput(
  invocation: Invocation,
  environment: Environment,
  options: { json: boolean; quiet: boolean },
): Output {
  return new Output({ stdout: invocation.stdout, stderr: invocation.stderr, ...environment, ...options });
}
