export type { Command, CommandContext, Example, Option, Options, Positional } from './command.ts';
export { loadCommands } from './command-table.ts';
export { EXIT_CODES, exitCodeOf } from './exit-codes.ts';
export { type Invocation, main } from './main.ts';
