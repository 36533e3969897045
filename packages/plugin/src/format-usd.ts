/** `$1,240`, `$3.20`, `$0.054`, `$0`: two figures at least, and never less than is there. */
export function formatUsd(usd: number): string {
  if (usd === 0) return '$0';
  if (usd >= 100) return `$${Math.round(usd).toLocaleString('en-US')}`;
  if (usd >= 1) return `$${usd.toFixed(2)}`;
  if (usd < 0.0001) return 'less than $0.0001';
  return `$${Number(usd.toPrecision(2))}`;
}
