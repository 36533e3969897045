import { didYouMean, GraphError } from '@hubfuse/plugin';

/**
 * Reads config.json as its transformers class does: a key that is missing takes the default of the class. Where a key
 * goes by several names, the first one that is present counts.
 */
export class ModelConfig {
  readonly #values: Readonly<Record<string, unknown>>;

  constructor(values: Readonly<Record<string, unknown>>) {
    this.#values = values;
  }

  #read(keys: string | readonly string[]): { key: string; value: unknown } {
    const names = typeof keys === 'string' ? [keys] : keys;
    const key = names.find((name) => this.#values[name] !== undefined) ?? names[0] ?? '';
    return { key, value: this.#values[key] };
  }

  /** A whole number of at least `minimum` (1). */
  integer(keys: string | readonly string[], fallback: number, minimum = 1): number {
    const { key, value } = this.#read(keys);
    if (value === undefined) return fallback;
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= minimum) return value;
    throw unusable(key, value, `a whole number from ${minimum}`);
  }

  /** A whole number that divides another value of the config. */
  divisor(keys: string | readonly string[], fallback: number, total: { of: string; value: number }): number {
    const number = this.integer(keys, fallback);
    if (total.value % number === 0) return number;
    throw unusable(this.#read(keys).key, number, `a divisor of ${total.of} (${total.value})`);
  }

  number(keys: string | readonly string[], fallback: number): number {
    const { key, value } = this.#read(keys);
    if (value === undefined) return fallback;
    if (typeof value === 'number' && Number.isFinite(value)) return value;
    throw unusable(key, value, 'a number');
  }

  boolean(keys: string | readonly string[], fallback: boolean): boolean {
    const { key, value } = this.#read(keys);
    if (value === undefined) return fallback;
    if (typeof value === 'boolean') return value;
    throw unusable(key, value, 'true or false');
  }

  /** One word of `choices`. */
  choice<Choice extends string>(
    keys: string | readonly string[],
    fallback: Choice,
    choices: readonly Choice[],
  ): Choice {
    const { key, value } = this.#read(keys);
    if (value === undefined) return fallback;
    const chosen = choices.find((choice) => choice === value);
    if (chosen !== undefined) return chosen;
    throw new GraphError({
      code: 'graph/config-value',
      where: 'config.json',
      message: `${key} is ${JSON.stringify(value)}, which is not supported`,
      hint: typeof value === 'string' ? didYouMean(value, choices) : `known: ${choices.join(', ')}`,
    });
  }
}

function unusable(key: string, value: unknown, expected: string): GraphError {
  return new GraphError({
    code: 'graph/config-value',
    where: 'config.json',
    message: `${key} is ${JSON.stringify(value)}, which should be ${expected}`,
  });
}
