/**
 * A dimension that is known before a graph runs: a number, or a product of free dimensions by name, such as
 * `batch_size*sequence_length` or `2*batch_size`. Equal dimensions are equal strings.
 */
export type Dimension = number | string;

interface Product {
  factor: number;
  symbols: string[];
}

/** The product of dimensions; 1 for none. */
export function product(dimensions: readonly Dimension[]): Dimension {
  const joined: Product = { factor: 1, symbols: [] };
  for (const dimension of dimensions) {
    const { factor, symbols } = parts(dimension);
    joined.factor *= factor;
    joined.symbols.push(...symbols);
  }
  return written(joined);
}

/** `total / by`, or undefined where `by` is no divisor that can be told. */
export function quotient(total: Dimension, by: Dimension): Dimension | undefined {
  const dividend = parts(total);
  const divisor = parts(by);
  const symbols = [...dividend.symbols];
  for (const symbol of divisor.symbols) {
    const at = symbols.indexOf(symbol);
    if (at < 0) return undefined;
    symbols.splice(at, 1);
  }
  const factor = dividend.factor / divisor.factor;
  return Number.isInteger(factor) ? written({ factor, symbols }) : undefined;
}

function parts(dimension: Dimension): Product {
  if (typeof dimension === 'number') return { factor: dimension, symbols: [] };
  const [first = '', ...rest] = dimension.split('*');
  const factor = Number(first);
  return Number.isInteger(factor) ? { factor, symbols: rest } : { factor: 1, symbols: [first, ...rest] };
}

function written({ factor, symbols }: Product): Dimension {
  if (symbols.length === 0 || factor === 0) return factor;
  return [...(factor === 1 ? [] : [String(factor)]), ...symbols.sort()].join('*');
}
