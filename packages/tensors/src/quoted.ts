/** A hostile file may hold a name of 100 MB; a message shows so much of it. */
const LONGEST_SHOWN = 200;

/** A name from a file as messages show it: in quotes, control characters escaped, cut where it is very long. */
export function quoted(name: string): string {
  return JSON.stringify(name.length <= LONGEST_SHOWN ? name : `${name.slice(0, LONGEST_SHOWN)}...`);
}
