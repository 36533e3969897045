/** Whether one of the parts is in a tensor's name; a part that begins with `^` has to be its beginning. */
export function isNamed(name: string, parts: readonly string[]): boolean {
  return parts.some((part) => (part.startsWith('^') ? name.startsWith(part.slice(1)) : name.includes(part)));
}
