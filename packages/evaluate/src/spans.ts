/** A labelled run of words, both ends inclusive. */
export interface Span {
  type: string;
  start: number;
  end: number;
}

/**
 * Spans of one sentence's tags (IOB1, IOB2, IOE, IOBES alike), as `get_entities` of seqeval 1.2.2 finds them without
 * a strict scheme: a tag is its first letter, its type what follows the first hyphen; an I- after O or after another
 * type starts a span.
 */
export function findSpans(tags: readonly string[]): Span[] {
  const spans: Span[] = [];
  let previous: Tag = OUTSIDE;
  let start = 0;
  for (let word = 0; word <= tags.length; word++) {
    const tag = word < tags.length ? parseTag(tags[word] ?? 'O') : OUTSIDE;
    if (ends(previous, tag)) spans.push({ type: previous.type, start, end: word - 1 });
    if (starts(previous, tag)) start = word;
    previous = tag;
  }
  return spans;
}

interface Tag {
  letter: string;
  type: string;
}

const OUTSIDE: Tag = { letter: 'O', type: '_' };

function parseTag(text: string): Tag {
  const rest = text.slice(1);
  const hyphen = rest.indexOf('-');
  return { letter: text.slice(0, 1), type: (hyphen === -1 ? rest : rest.slice(hyphen + 1)) || '_' };
}

function ends(previous: Tag, tag: Tag): boolean {
  if (previous.letter === 'E' || previous.letter === 'S') return true;
  const inside = previous.letter === 'B' || previous.letter === 'I';
  if (inside && (tag.letter === 'B' || tag.letter === 'S' || tag.letter === 'O')) return true;
  return isWord(previous) && previous.type !== tag.type;
}

function starts(previous: Tag, tag: Tag): boolean {
  if (tag.letter === 'B' || tag.letter === 'S') return true;
  const closed = previous.letter === 'E' || previous.letter === 'S' || previous.letter === 'O';
  if (closed && (tag.letter === 'E' || tag.letter === 'I')) return true;
  return isWord(tag) && previous.type !== tag.type;
}

function isWord(tag: Tag): boolean {
  return tag.letter !== 'O' && tag.letter !== '.';
}
