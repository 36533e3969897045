export type { Command, CommandContext, Example, Option, Options, Positional } from './command.ts';
export { loadCommands } from './command-table.ts';
export { renderDocumentation } from './documentation.ts';
export { EXIT_CODES, exitCodeOf } from './exit-codes.ts';
export { createRegistry } from './extensions.ts';
export { type Invocation, main } from './main.ts';
export { renderScores } from './score-table.ts';
export { describeSearch } from './search-view.ts';
