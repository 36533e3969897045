/** How a card calls its place where it is published nowhere. */
export const NO_REPOSITORY = 'this repository';
export const NO_FOLDER = '<this folder>';

const REPRODUCE = /`hubfuse reproduce ([^`]+)` merges again from it/;

/** The command of a card's last section, which names where the card stands. */
export function reproduceSentence(place: string): string {
  return `\`hubfuse reproduce ${place}\` merges again from it and compares the checksums.`;
}

/** A string as Python and JavaScript write it. */
export function quoted(text: string): string {
  return `'${text.replace(/['\\]/g, '\\$&')}'`;
}

/**
 * A card as it is published to `repo`: the commands and the code that `renderCard` wrote name that repository, although the
 * merge was made for none, or for another. The rest, a person's prose included, stays as it is.
 */
export function cardAt(repo: string, card: string): string {
  const named = REPRODUCE.exec(card)?.[1];
  if (named === undefined || named === repo) return card;
  const place = named === NO_REPOSITORY ? NO_FOLDER : named;
  return card
    .replace(REPRODUCE, (sentence) => sentence.replace(named, () => repo))
    .replaceAll(`hubfuse materialize ${place} `, () => `hubfuse materialize ${repo} `)
    .replaceAll(`model=${quoted(named)})`, () => `model=${quoted(repo)})`)
    .replaceAll(`, ${quoted(named)})`, () => `, ${quoted(repo)})`);
}
