import { didYouMean, nearest, RecipeError } from '@hubfuse/plugin';
import { GATE_NAMES, type Gate, type GateComparison, type GateCondition, type GateNumber } from './gate.ts';

interface Token {
  kind: 'number' | 'name' | 'quoted' | 'symbol' | 'end';
  text: string;
  /** Offset in the gate's text. */
  offset: number;
}

/** Bounds of a text that a person writes on one line; nesting costs stack. */
const LIMITS = { characters: 2000, depth: 50 };

const TOKEN =
  /\s*(?:(\d+\.?\d*(?:[eE][-+]?\d+)?|\.\d+(?:[eE][-+]?\d+)?)(%)?|([A-Za-z_]\w*)|"([^"]*)"|'([^']*)'|(>=|<=|[-+(),<>]))/y;

/** A gate that cannot be read: `offset` says where in its text. */
export class GateError extends RecipeError {
  readonly offset: number;

  constructor(offset: number, message: string, hint?: string) {
    super({ code: 'recipe/gate', message, hint });
    this.offset = offset;
  }
}

/**
 * Reads the condition for publishing: comparisons (`> >= < <=`) of sums (`+ -`) of scores and numbers, joined by `and`,
 * `or`, `not` and parentheses. Scores are `mean`, `best_parent`, `base`, `average`, `published` and the names of the
 * recipe's datasets; a dataset's name that is no plain word stands in quotes (`"my-data" > 0.8`). Scores are fractions:
 * `85%` is 0.85. `better(mean, published)` holds where the first score is higher by more than chance explains.
 *
 * @param datasets Names of the recipe's datasets.
 * @throws GateError (a RecipeError, `recipe/gate`) with the offset of what is wrong.
 */
export function parseGate(text: string, datasets: readonly string[]): Gate {
  if (text.length > LIMITS.characters) {
    throw new GateError(0, `a gate has at most ${LIMITS.characters} characters; this one has ${text.length}`);
  }
  const parser = new GateParser(text, datasets);
  const condition = parser.parse();
  return { text, condition, names: [...parser.names] };
}

/** Recursive descent; each part is a condition or a number and is checked for which where it is used. */
class GateParser {
  readonly names = new Set<string>();
  readonly #tokens: Token[];
  readonly #datasets: readonly string[];
  #next = 0;
  #depth = 0;

  constructor(text: string, datasets: readonly string[]) {
    this.#tokens = tokenize(text);
    this.#datasets = datasets;
  }

  parse(): GateCondition {
    if (this.#peek.kind === 'end') throw new GateError(0, 'the gate is empty', 'for example: mean > best_parent');
    const start = this.#peek.offset;
    const part = this.#or();
    const rest = this.#peek;
    if (rest.kind !== 'end') {
      throw new GateError(rest.offset, `"${rest.text}" is not expected here`, 'join conditions with and, or');
    }
    return asCondition(part, start);
  }

  get #peek(): Token {
    return this.#tokens[this.#next] ?? { kind: 'end', text: '', offset: 0 };
  }

  #take(...texts: string[]): Token | undefined {
    const token = this.#peek;
    const isWord = token.kind === 'symbol' || token.kind === 'name';
    if (!isWord || !texts.includes(token.text)) return undefined;
    this.#next++;
    return token;
  }

  #nested<Part>(read: () => Part): Part {
    if (++this.#depth > LIMITS.depth) {
      throw new GateError(this.#peek.offset, `the gate is nested deeper than ${LIMITS.depth} levels`);
    }
    const part = read();
    this.#depth--;
    return part;
  }

  #or(): GateCondition | GateNumber {
    return this.#joined('or', () => this.#joined('and', () => this.#not()));
  }

  #joined(word: 'and' | 'or', read: () => GateCondition | GateNumber): GateCondition | GateNumber {
    const start = this.#peek.offset;
    let left = read();
    while (this.#take(word) !== undefined) {
      const offset = this.#peek.offset;
      left = { kind: word, left: asCondition(left, start), right: asCondition(read(), offset) };
    }
    return left;
  }

  #not(): GateCondition | GateNumber {
    if (this.#take('not') === undefined) return this.#comparison();
    const offset = this.#peek.offset;
    return {
      kind: 'not',
      operand: asCondition(
        this.#nested(() => this.#not()),
        offset,
      ),
    };
  }

  #comparison(): GateCondition | GateNumber {
    const start = this.#peek.offset;
    if (this.#isCall('better')) return this.#better();
    const left = this.#sum();
    const operator = this.#take('>', '>=', '<', '<=');
    if (operator === undefined) return left;
    const offset = this.#peek.offset;
    const right = asNumber(this.#sum(), offset);
    const again = this.#take('>', '>=', '<', '<=');
    if (again !== undefined) {
      throw new GateError(again.offset, 'comparisons cannot be chained', 'write a > b and b > c');
    }
    return { kind: 'comparison', operator: operator.text as GateComparison, left: asNumber(left, start), right };
  }

  /** A dataset may have the name of a function: only what is called is one. */
  #isCall(name: string): boolean {
    const { kind, text } = this.#peek;
    const next = this.#tokens[this.#next + 1];
    return kind === 'name' && text === name && next?.kind === 'symbol' && next.text === '(';
  }

  #better(): GateCondition {
    const { offset } = this.#peek;
    this.#next += 2;
    const left = this.#score();
    if (this.#take(',') === undefined) {
      throw new GateError(this.#peek.offset, 'better compares two scores', 'for example: better(mean, published)');
    }
    const right = this.#score();
    if (this.#take(')') === undefined) throw new GateError(this.#peek.offset, 'a ")" is missing here');
    if (left === right) throw new GateError(offset, `better(${left}, ${right}) can never hold`);
    if (this.#datasets.includes(left) && this.#datasets.includes(right)) {
      throw new GateError(
        offset,
        `better compares two models on the same data, and "${left}" and "${right}" are two datasets`,
        `to compare on one of them: better(${left}, published), better(${left}, best_parent)`,
      );
    }
    return { kind: 'better', left, right };
  }

  /** One name between the parentheses of a function. */
  #score(): string {
    const token = this.#peek;
    if (token.kind !== 'name' && token.kind !== 'quoted') {
      throw new GateError(
        token.offset,
        'the name of a score is expected here',
        'better takes names, without arithmetic',
      );
    }
    this.#next++;
    return this.#name(token).name;
  }

  #sum(): GateCondition | GateNumber {
    const start = this.#peek.offset;
    let left = this.#term();
    for (let operator = this.#take('+', '-'); operator !== undefined; operator = this.#take('+', '-')) {
      const offset = this.#peek.offset;
      const right = asNumber(this.#term(), offset);
      left = { kind: 'sum', operator: operator.text === '+' ? '+' : '-', left: asNumber(left, start), right };
    }
    return left;
  }

  #term(): GateCondition | GateNumber {
    if (this.#take('-') !== undefined) {
      const offset = this.#peek.offset;
      return {
        kind: 'negative',
        operand: asNumber(
          this.#nested(() => this.#term()),
          offset,
        ),
      };
    }
    if (this.#take('(') !== undefined) {
      const part = this.#nested(() => this.#or());
      if (this.#take(')') === undefined) throw new GateError(this.#peek.offset, 'a ")" is missing here');
      return part;
    }
    const token = this.#peek;
    this.#next++;
    if (token.kind === 'number') return { kind: 'number', value: Number(token.text) };
    const isKeyword = token.kind === 'name' && ['and', 'or', 'not'].includes(token.text);
    if (!isKeyword && (token.kind === 'name' || token.kind === 'quoted')) return this.#name(token);
    const found = token.kind === 'end' ? 'the gate ends' : `"${token.text}" stands`;
    throw new GateError(token.offset, `${found} where a score or number is expected`);
  }

  #name({ kind, text, offset }: Token): { kind: 'name'; name: string } {
    const known = kind === 'quoted' ? this.#datasets : [...GATE_NAMES, ...this.#datasets];
    if (!known.includes(text)) {
      const near = nearest(text, known);
      const dashed = this.#datasets.find((name) => !/^[A-Za-z_]\w*$/.test(name) && name.startsWith(text));
      const hint = near === undefined && dashed !== undefined ? `did you mean "${dashed}" (in quotes)?` : undefined;
      throw new GateError(offset, `the gate does not know the name "${text}"`, hint ?? didYouMean(text, known));
    }
    this.names.add(text);
    return { kind: 'name', name: text };
  }
}

function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  const end = text.trimEnd().length;
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < end) {
    const from = TOKEN.lastIndex;
    const match = TOKEN.exec(text);
    if (match === null) {
      const offset = from + (text.slice(from).length - text.slice(from).trimStart().length);
      throw new GateError(offset, `the gate cannot hold "${text[offset]}"`, characterHint(text.slice(offset)));
    }
    const [whole, number, percent, name, double, single, symbol] = match;
    const offset = from + whole.length - whole.trimStart().length;
    if (number !== undefined) {
      const value = percent === undefined ? Number(number) : Number(number) / 100;
      tokens.push({ kind: 'number', text: String(value), offset });
    } else if (name !== undefined) tokens.push({ kind: 'name', text: name, offset });
    else if (symbol !== undefined) tokens.push({ kind: 'symbol', text: symbol, offset });
    else tokens.push({ kind: 'quoted', text: double ?? single ?? '', offset });
  }
  tokens.push({ kind: 'end', text: '', offset: end });
  return tokens;
}

function characterHint(rest: string): string {
  if (rest.startsWith('=') || rest.startsWith('!=')) return 'scores are compared with > >= < <=';
  if (rest.startsWith('&')) return 'write and';
  if (rest.startsWith('|')) return 'write or';
  if (rest.startsWith('!')) return 'write not';
  return 'a gate holds names, numbers, > >= < <= + - and or not ( ) better(a, b)';
}

function asCondition(part: GateCondition | GateNumber, offset: number): GateCondition {
  if (isCondition(part)) return part;
  throw new GateError(offset, 'a number stands where a condition is expected', 'compare it: mean > best_parent');
}

function asNumber(part: GateCondition | GateNumber, offset: number): GateNumber {
  if (!isCondition(part)) return part;
  throw new GateError(offset, 'a condition stands where a number is expected', 'join conditions with and, or');
}

function isCondition(part: GateCondition | GateNumber): part is GateCondition {
  return ['comparison', 'better', 'and', 'or', 'not'].includes(part.kind);
}
