/** Keys and indices from the root of a recipe to a place in it. */
export type Path = readonly (string | number)[];

/** What is being written at a place in a recipe's text. */
export interface CursorContext {
  /** `key`: a key of the mapping at `path`; `value`: the value at `path`. */
  kind: 'key' | 'value';
  path: Path;
  /** Offset at which the word that is being written begins. */
  from: number;
  /** Keys that the mapping has already. */
  siblings: readonly string[];
}

type Token = { kind: 'item'; column: number } | { kind: 'key'; column: number; name: string };

interface Line {
  tokens: readonly Token[];
  /** Column at which what follows dashes and a key begins. */
  column: number;
  rest: string;
}

/**
 * Says what stands at an offset of YAML that is still being written, and so is often no valid YAML: indentation, dashes
 * and keys are read line by line, and brackets within the line.
 */
export function cursorContext(text: string, offset: number): CursorContext {
  const before = text.slice(0, offset);
  const lines = before.split('\n');
  const current = readLine(lines.pop() ?? '');
  const flow = readFlow(current.rest);
  const own = current.tokens.at(-1);
  const word = flow?.word ?? current.rest;
  const from = offset - word.length;
  const onLine = pathOf(lines, current.tokens, own?.kind === 'key' ? own.column : current.column);
  if (flow !== undefined) {
    const path = [...onLine, ...flow.path];
    return { kind: flow.kind, path, from, siblings: flow.siblings };
  }
  if (own?.kind === 'key') return { kind: 'value', path: onLine, from, siblings: [] };
  // A word behind a dash may be the first key of a mapping or a plain entry: it is offered as a key, and as a value.
  const after = text.slice(offset).split('\n').slice(1);
  return { kind: 'key', path: onLine, from, siblings: siblingsOf({ lines, after, current }) };
}

function readLine(line: string): Line {
  const tokens: Token[] = [];
  let column = line.length - line.trimStart().length;
  let rest = line.slice(column);
  for (let dash = /^-(\s+|$)/.exec(rest); dash !== null; dash = /^-(\s+|$)/.exec(rest)) {
    tokens.push({ kind: 'item', column });
    column += dash[0].length;
    rest = rest.slice(dash[0].length);
  }
  const key = /^("[^"]*"|'[^']*'|[^\s#:{}[\],"'][^:#{}[\],]*?)\s*:(?:\s+|$)/.exec(rest);
  if (key?.[1] !== undefined) {
    tokens.push({ kind: 'key', column, name: unquote(key[1]) });
    rest = rest.slice(key[0].length);
  }
  return { tokens, column, rest };
}

function isBlank(line: string): boolean {
  return /^\s*(#|$)/.test(line);
}

/** The path to what stands at `column` of a line that holds `tokens` and follows `lines`. */
function pathOf(lines: readonly string[], tokens: readonly Token[], column: number): Path {
  const path: (string | number)[] = [];
  let at = column;
  /** Whether what stands at `at` is an entry of a list, whose dash may stand right below its key. */
  let isItem = false;
  const take = (token: Token, own: boolean) => {
    if (token.kind === 'key') {
      const isParent = own || token.column < at || (isItem && token.column === at);
      if (!isParent) return;
      path.unshift(token.name);
      isItem = false;
    } else if (isItem && token.column === at) {
      path[0] = Number(path[0]) + 1;
      return;
    } else if (token.column < at) {
      path.unshift(0);
      isItem = true;
    } else return;
    at = token.column;
  };
  for (const token of tokens.toReversed()) take(token, true);
  for (const line of lines.toReversed()) {
    if (isBlank(line)) continue;
    if (at === 0 && !isItem) break;
    for (const token of readLine(line).tokens.toReversed()) take(token, false);
  }
  return path;
}

/** Keys at the column of the word, up and down to where its mapping ends. */
function siblingsOf(options: { lines: readonly string[]; after: readonly string[]; current: Line }): string[] {
  const { lines, after, current } = options;
  const found: string[] = [];
  const startsItem = current.tokens.at(-1)?.kind === 'item';
  const look = (line: string): 'go on' | 'stop' => {
    if (isBlank(line)) return 'go on';
    const { tokens, column } = readLine(line);
    const first = tokens[0]?.column ?? column;
    const key = tokens.find((token) => token.kind === 'key');
    if (key?.kind === 'key' && key.column === current.column) found.push(key.name);
    return first < current.column ? 'stop' : 'go on';
  };
  if (!startsItem) for (const line of lines.toReversed()) if (look(line) === 'stop') break;
  for (const line of after) {
    const first = line.length - line.trimStart().length;
    if (!isBlank(line) && first < current.column) break;
    look(line);
  }
  return found;
}

interface Flow {
  kind: 'key' | 'value';
  path: Path;
  word: string;
  siblings: readonly string[];
}

/** Where a text that ends within brackets ends; undefined where it ends outside of them. */
function readFlow(text: string): Flow | undefined {
  type Level = { close: '}' | ']'; key: string | undefined; index: number; siblings: string[] };
  const levels: Level[] = [];
  let word = '';
  for (let at = 0; at < text.length; at++) {
    const char = text[at] ?? '';
    const level = levels.at(-1);
    if (level === undefined && char !== '{' && char !== '[') return undefined;
    if ((char === '"' || char === "'") && word.trim() === '') {
      const end = text.indexOf(char, at + 1);
      word = text.slice(at, end === -1 ? undefined : end + 1);
      at = end === -1 ? text.length : end;
    } else if (char === '{' || char === '[') {
      levels.push({ close: char === '{' ? '}' : ']', key: undefined, index: 0, siblings: [] });
      word = '';
    } else if (char === level?.close) {
      levels.pop();
      word = '';
      if (levels.length === 0) return undefined;
    } else if (char === ',' && level !== undefined) {
      level.key = undefined;
      level.index++;
      word = '';
    } else if (char === ':' && level?.close === '}' && /^(?:[\s,{}[\]]|)$/.test(text[at + 1] ?? '')) {
      level.key = unquote(word.trim());
      level.siblings.push(level.key);
      word = '';
    } else word += char;
  }
  const last = levels.at(-1);
  if (last === undefined) return undefined;
  const path = levels.flatMap(({ close, key, index }): (string | number)[] =>
    close === ']' ? [index] : key === undefined ? [] : [key],
  );
  const kind = last.close === '}' && last.key === undefined ? 'key' : 'value';
  return { kind, path, word: word.trimStart(), siblings: kind === 'key' ? last.siblings : [] };
}

function unquote(text: string): string {
  return text.replace(/^(["'])(.*)\1$/, '$2');
}
