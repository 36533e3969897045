/** Text as it may stand in HTML, in attributes too. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** The part of a model's name that tells it from its siblings: `hubfuse-examples/intents-money` is `intents-money`. */
export function shortName(name: string): string {
  return name.split(/[\\/]/).filter(Boolean).at(-1) ?? name;
}

/** `81.6 %` */
export function percent(fraction: number, digits = 1): string {
  return Number.isFinite(fraction) ? `${(100 * fraction).toFixed(digits)} %` : 'none';
}

/** `12,345` */
export function count(number: number): string {
  return Math.round(number).toLocaleString('en');
}

/** `1 h 04 min`, `3 min 20 s`, `4.1 s` */
export function duration(seconds: number): string {
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${String(Math.round(seconds % 60)).padStart(2, '0')} s`;
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} min`;
}
