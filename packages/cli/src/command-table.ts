import { readdir } from 'node:fs/promises';
import { didYouMean, UsageError } from '@hubfuse/plugin';
import type { Command } from './command.ts';

const FOLDER = new URL('./commands/', import.meta.url);

/** Names of all commands: one file each in the folder of commands. */
export async function commandNames(): Promise<string[]> {
  const files = await readdir(FOLDER);
  return files
    .filter((file) => file.endsWith('.js'))
    .map((file) => file.slice(0, -'.js'.length))
    .sort();
}

/** @throws UsageError with a suggestion where there is no such command. */
export async function loadCommand(name: string): Promise<Command> {
  const names = await commandNames();
  if (!names.includes(name)) {
    throw new UsageError({
      code: 'usage/unknown-command',
      message: `hubfuse has no command "${name}"`,
      hint: didYouMean(name, names),
    });
  }
  const module = (await import(new URL(`${name}.js`, FOLDER).href)) as { default: Command };
  return module.default;
}

export async function loadCommands(): Promise<Command[]> {
  return Promise.all((await commandNames()).map(loadCommand));
}
