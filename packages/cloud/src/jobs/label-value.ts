/**
 * A text as the value of a label. The Hub keeps labels as tags, which hold letters, digits, `-` and `_`; a run's id has more, and its
 * end still tells it from every other.
 */
export function labelValue(text: string): string {
  return text.replace(/[^A-Za-z0-9_-]/g, '-');
}
