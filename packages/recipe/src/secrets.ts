/** A user access token of the Hub. Real ones have 34 characters behind the prefix. */
const TOKEN = /hf_[A-Za-z0-9]{30,}/;

/** Where a text holds a token: it would be published with the recipe, in the card. Undefined where it holds none. */
export function tokenOffset(text: string): number | undefined {
  return TOKEN.exec(text)?.index;
}
