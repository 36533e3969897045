/** What can be asked for by a comment. */
export const COMMANDS = ['merge', 'plan', 'cancel'] as const;
export type CommandName = (typeof COMMANDS)[number];

/** A line `/hubfuse <command> [recipe]` of a comment. */
export interface CommentCommand {
  /** As it was written; one of `COMMANDS` where it is known. */
  name: string;
  /** Name of a stored recipe, where several publish to the model. */
  recipe?: string;
}

/** The first command of a comment: a line of its own, outside of quotations and code. */
export function parseCommand(text: string): CommentCommand | undefined {
  let fence: string | undefined;
  for (const line of text.split(/\r?\n/)) {
    const mark = /^\s*(`{3,}|~{3,})/.exec(line)?.[1]?.slice(0, 3);
    if (mark !== undefined && (fence === undefined || fence === mark)) {
      fence = fence === undefined ? mark : undefined;
      continue;
    }
    const words = fence === undefined ? /^ {0,3}\/hubfuse(?:[ \t]+(.*))?$/.exec(line.trimEnd()) : null;
    if (words === null) continue;
    const [name = '', recipe] = (words[1] ?? '').trim().split(/\s+/);
    return { name: name.toLowerCase().slice(0, 40), ...(recipe === undefined ? {} : { recipe: recipe.slice(0, 80) }) };
  }
  return undefined;
}

export function isCommand(name: string): name is CommandName {
  return COMMANDS.some((known) => known === name);
}
