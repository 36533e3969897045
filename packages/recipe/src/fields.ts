import { didYouMean } from '@hubfuse/plugin';
import { join } from './documents.ts';
import type { FindingDetails, FindingPlace, Findings } from './findings.ts';
import { booleanOf, describe, isNothing, type Located, numberOf, render } from './located.ts';
import type { Position } from './recipe.ts';

/** What each method of `Field` reports to the findings comes back as undefined. */
export class Field {
  readonly node: Located;
  readonly path: string;
  readonly findings: Findings;
  /** Where the key stands, for findings about the key itself. */
  readonly keyPosition: Position;
  #hasUnknownKeys = false;

  constructor(options: { node: Located; path: string; findings: Findings; keyPosition?: Position }) {
    this.node = options.node;
    this.path = options.path;
    this.findings = options.findings;
    this.keyPosition = options.keyPosition ?? options.node.position;
  }

  get place(): FindingPlace {
    return { path: this.path || 'document', position: this.node.position };
  }

  /** The value in YAML, for messages. */
  get shown(): string {
    return render(this.node);
  }

  report(details: FindingDetails): undefined {
    this.findings.add(this.place, details);
  }

  reportType(expected: string, hint?: string): undefined {
    const name = this.path.split('.').at(-1) ?? '';
    const message = `${name === '' ? 'this' : `"${name}"`} must be ${expected}, not ${describe(this.node)}`;
    this.report({ code: 'recipe/wrong-type', message, hint });
  }

  /** Reports that a key is missing, unless the mapping holds an unknown key: that is most likely the one, misspelt. */
  reportMissing(message: string, more: { hint?: string; place?: FindingPlace } = {}): undefined {
    if (this.#hasUnknownKeys) return;
    this.findings.add(more.place ?? this.place, { code: 'recipe/missing-key', message, hint: more.hint });
  }

  /** The value under a key; undefined where the key is missing or says nothing. */
  get(key: string): Field | undefined {
    const field = this.getEvenNothing(key);
    return field === undefined || isNothing(field.node) ? undefined : field;
  }

  getEvenNothing(key: string): Field | undefined {
    if (this.node.kind !== 'mapping') return undefined;
    const entry = this.node.entries.get(key);
    if (entry === undefined) return undefined;
    return new Field({
      node: entry.value,
      path: join(this.path, key),
      findings: this.findings,
      keyPosition: entry.key,
    });
  }

  /** Names of the keys, where it is a mapping. */
  get keys(): string[] {
    return this.node.kind === 'mapping' ? [...this.node.entries.keys()] : [];
  }

  /** Reports every key that is not known, and everything that is no mapping. */
  expectMapping(known: readonly string[], hintOf?: (key: string) => string | undefined): boolean {
    if (this.node.kind !== 'mapping') {
      this.reportType(`a mapping with the keys ${known.join(', ')}`);
      return false;
    }
    for (const [key, entry] of this.node.entries) {
      if (known.includes(key)) continue;
      this.#hasUnknownKeys = true;
      this.findings.add(
        { path: join(this.path, key), position: entry.key },
        {
          code: 'recipe/unknown-key',
          message: `the key "${key}" has no meaning here`,
          hint: hintOf?.(key) ?? didYouMean(key, known),
        },
      );
    }
    return true;
  }

  /** The items of a list. */
  items(expected = 'a list'): Field[] | undefined {
    if (this.node.kind !== 'sequence') return this.reportType(expected);
    return this.node.items.map((node, index) => {
      return new Field({ node, path: join(this.path, index), findings: this.findings });
    });
  }

  /** Text; numbers and booleans keep their spelling. */
  text(expected = 'text'): string | undefined {
    if (this.node.kind !== 'scalar' || isNothing(this.node)) return this.reportType(expected);
    return this.node.text;
  }

  boolean(): boolean | undefined {
    const value = booleanOf(this.node);
    if (value !== undefined) return value;
    const quoted = this.node.kind === 'scalar' && !this.node.plain && booleanOf({ ...this.node, plain: true });
    return this.reportType('true or false', typeof quoted === 'boolean' ? 'remove the quotes' : undefined);
  }

  /** A whole number of at most 53 bits. */
  integer(range: { minimum: number }): number | undefined {
    const value = numberOf(this.node);
    if (value === undefined) return this.reportType('a whole number');
    if (!Number.isSafeInteger(value) || value < range.minimum) {
      return this.reportType(`a whole number from ${range.minimum} to 2^53 - 1`);
    }
    return value;
  }

  /** A finite number within a range, whose ends are part of it unless `above` says otherwise. */
  number(range: { above?: number; minimum?: number; maximum?: number } = {}): number | undefined {
    const { above, minimum, maximum } = range;
    const value = numberOf(this.node);
    if (value === undefined || !Number.isFinite(value)) return this.reportType('a number');
    const tooSmall = (above !== undefined && value <= above) || (minimum !== undefined && value < minimum);
    if (!tooSmall && (maximum === undefined || value <= maximum)) return value;
    const limits = [
      ...(above === undefined ? [] : [`above ${above}`]),
      ...(minimum === undefined ? [] : [`at least ${minimum}`]),
      ...(maximum === undefined ? [] : [`at most ${maximum}`]),
    ];
    const name = this.path.split('.').at(-1) ?? '';
    const message = `${name} is ${this.shown}, and must be ${limits.join(' and ')}`;
    return this.report({ code: 'recipe/out-of-range', message });
  }

  choice<Choice extends string>(choices: readonly Choice[]): Choice | undefined {
    const text = this.text(`one of ${choices.join(', ')}`);
    if (text === undefined) return undefined;
    const choice = choices.find((candidate) => candidate === text);
    if (choice !== undefined) return choice;
    const name = this.path.split('.').at(-1) ?? '';
    const message = `"${name}" cannot be "${text}"`;
    return this.report({ code: 'recipe/unknown-value', message, hint: didYouMean(text, choices) });
  }
}
