import { quoted } from './quoted.ts';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const SPACE = 0x20;
const WHITESPACE = new Set([' ', '\t', '\n', '\r']);
const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/;
const LITERAL = /^(?:true|false|null)/;

/** Nesting of values that nobody reads, such as an index's metadata. */
const MAXIMUM_DEPTH = 32;
/** Patterns see this many characters only: a regular expression's stack grows with the length of its match. */
const LONGEST_NUMBER = 64;

/** What is wrong with a text, for whoever knows which file it comes from. */
export class JsonSyntaxError extends Error {
  readonly position: number;

  constructor(message: string, position: number) {
    super(message);
    this.position = position;
  }
}

/**
 * Reads JSON whose structure is known beforehand, value by value. Unlike JSON.parse it refuses a repeated key, keeps
 * nothing that the caller does not ask for, and stops at the first value of another type: a hostile text of 100 MB
 * costs no more memory than the text.
 */
export class JsonScanner {
  readonly #text: string;
  #position = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** Reads an object; `onKey` must consume the value of its key. */
  object(what: string, onKey: (key: string) => void): void {
    this.#expect('{', `${what} must be an object`);
    const seen = new Set<string>();
    if (this.#take('}')) return;
    do {
      const at = this.#position;
      const key = this.string(`a key of ${what}`);
      if (seen.has(key)) throw new JsonSyntaxError(`${what} has the key ${quoted(key)} twice`, at);
      seen.add(key);
      this.#expect(':', `a colon must follow the key ${quoted(key)}`);
      onKey(key);
    } while (this.#take(','));
    this.#expect('}', `a comma or } must follow in ${what}`);
  }

  /** Reads an array of at most `maximum` values. */
  array<T>(what: string, maximum: number, element: () => T): T[] {
    const values: T[] = [];
    this.#elements(what, () => {
      if (values.length === maximum)
        throw new JsonSyntaxError(`${what} has more than ${maximum} entries`, this.#position);
      values.push(element());
    });
    return values;
  }

  string(what: string): string {
    this.#expect('"', `${what} must be a string`);
    const start = this.#position;
    let escaped = false;
    for (let at = start; at < this.#text.length; at++) {
      const code = this.#text.charCodeAt(at);
      if (code === QUOTE) {
        this.#position = at + 1;
        return escaped ? this.#unescape(start, at) : this.#text.slice(start, at);
      }
      if (code < SPACE) throw new JsonSyntaxError(`${what} holds a control character`, at);
      if (code === BACKSLASH) {
        escaped = true;
        at++;
      }
    }
    throw new JsonSyntaxError(`${what} does not end`, start);
  }

  /** A non-negative integer that a double holds exactly. */
  count(what: string): number {
    const at = this.#position;
    const raw = this.#match(NUMBER, `${what} must be a non-negative integer`);
    const value = Number(raw);
    if (!/^\d+$/.test(raw)) throw new JsonSyntaxError(`${what} is ${raw}, which is not a non-negative integer`, at);
    if (!Number.isSafeInteger(value)) throw new JsonSyntaxError(`${what} is ${raw}, which is more than 2^53 - 1`, at);
    return value;
  }

  /** Passes over one value of any kind. */
  skip(what: string, depth = 0): void {
    if (depth > MAXIMUM_DEPTH)
      throw new JsonSyntaxError(`${what} is nested more than ${MAXIMUM_DEPTH} deep`, this.#position);
    const next = this.#peek();
    if (next === '{') this.object(what, () => this.skip(what, depth + 1));
    else if (next === '[') this.#elements(what, () => this.skip(what, depth + 1));
    else if (next === '"') this.string(what);
    else if (next !== undefined && /[-\d]/.test(next)) this.#match(NUMBER, `${what} must be JSON`);
    else this.#match(LITERAL, `${what} must be JSON`);
  }

  /** Nothing but whitespace may follow. */
  end(): void {
    const next = this.#peek();
    if (next !== undefined)
      throw new JsonSyntaxError(`${JSON.stringify(next)} follows the end of the JSON`, this.#position);
  }

  #peek(): string | undefined {
    while (WHITESPACE.has(this.#text.charAt(this.#position))) this.#position++;
    return this.#text[this.#position];
  }

  #take(character: string): boolean {
    if (this.#peek() !== character) return false;
    this.#position++;
    return true;
  }

  #expect(character: string, message: string): void {
    if (!this.#take(character)) throw new JsonSyntaxError(message, this.#position);
  }

  #elements(what: string, onElement: () => void): void {
    this.#expect('[', `${what} must be an array`);
    if (this.#take(']')) return;
    do onElement();
    while (this.#take(','));
    this.#expect(']', `a comma or ] must follow in ${what}`);
  }

  #unescape(start: number, end: number): string {
    try {
      return JSON.parse(this.#text.slice(start - 1, end + 1)) as string;
    } catch {
      throw new JsonSyntaxError('a string holds an unknown escape', start);
    }
  }

  #match(pattern: RegExp, message: string): string {
    this.#peek();
    const found = pattern.exec(this.#text.slice(this.#position, this.#position + LONGEST_NUMBER))?.[0];
    if (found === undefined || found.length === LONGEST_NUMBER) throw new JsonSyntaxError(message, this.#position);
    this.#position += found.length;
    return found;
  }
}
