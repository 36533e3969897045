import { RecipeError } from '@hubfuse/plugin';
import { type Alias, Composer, type CST, isAlias, isMap, isScalar, isSeq, type Node, type Pair, Parser } from 'yaml';
import type { Findings } from './findings.ts';
import { type Located, type LocatedEntry, type LocatedMapping, render } from './located.ts';
import type { Position } from './recipe.ts';
import { tokenOffset } from './secrets.ts';

/** Recipes are written by hand; the bounds keep hostile ones from costing time or memory. */
const LIMITS = {
  /** Characters of the text. */
  characters: 256 * 1024,
  /** Values in one document, aliases written out. */
  values: 20_000,
  /** Levels of nesting, aliases written out. */
  depth: 48,
  documents: 64,
};

const STANDARD_TAG = /^tag:yaml\.org,2002:(str|int|float|bool|null|map|seq)$/;

/**
 * Reads YAML or JSON into located values, one for each document. Aliases and merge keys (`<<`) are written out.
 *
 * @throws RecipeError `recipe/too-large` beyond the bounds, `recipe/yaml` where it is no YAML.
 */
export function readDocuments(options: { text: string; findings: Findings }): Located[] {
  const text = options.text.replace(/^\uFEFF/, '');
  const { file } = options.findings;
  if (text.length > LIMITS.characters) {
    throw tooLarge(`has ${text.length} characters; at most ${LIMITS.characters}`, file);
  }
  const positionAt = positions(text);
  refuseToken(text, positionAt, options.findings);
  const tokens = [...new Parser().parse(text)];
  refuseDeepNesting(tokens, file);
  // All scalars stay text (failsafe): YAML 1.1 and 1.2 differ in what is a boolean or number, and a revision such as
  // 1234567 must not become a number.
  const composer = new Composer({ schema: 'failsafe', uniqueKeys: false, strict: true, logLevel: 'silent' });
  const documents = [...composer.compose(tokens)];
  if (documents.length > LIMITS.documents) {
    throw tooLarge(`has ${documents.length} documents; at most ${LIMITS.documents}`, file);
  }
  for (const error of documents.flatMap((document) => document.errors)) {
    options.findings.add(
      { path: 'document', position: positionAt(error.pos[0]) },
      { code: 'recipe/yaml', message: `this is no valid YAML: ${error.message}`, hint: yamlHint(error.code) },
    );
  }
  options.findings.throwIfAny();
  return documents
    .filter((document) => document.contents !== null)
    .map((document, index, all) => {
      const path = all.length > 1 ? `documents[${index}]` : '';
      return new DocumentReader(positionAt, options.findings).read(document.contents as Node, path);
    });
}

/** Refused before anything else is read, so that no message repeats it. */
function refuseToken(text: string, positionAt: (offset: number) => Position, findings: Findings): void {
  const offset = tokenOffset(text);
  if (offset === undefined) return;
  findings.add(
    { path: 'document', position: positionAt(offset) },
    {
      code: 'recipe/secret',
      message: 'the recipe holds an access token, and a recipe is published with what it makes',
      hint: 'remove it (and revoke it, if others saw it); set HF_TOKEN, or log in with `hf auth login`',
    },
  );
  findings.throwIfAny();
}

/** Joins a key or index to a path. */
export function join(path: string, key: string | number): string {
  if (typeof key === 'number') return `${path}[${key}]`;
  return path === '' ? key : `${path}.${key}`;
}

/** Turns one document's nodes into located values. Recursion is bounded by what `refuseDeepNesting` let through. */
class DocumentReader {
  readonly #anchors = new Map<string, Located | 'open'>();
  readonly #positionAt: (offset: number) => Position;
  readonly #findings: Findings;

  constructor(positionAt: (offset: number) => Position, findings: Findings) {
    this.#positionAt = positionAt;
    this.#findings = findings;
  }

  read(node: Node | null, path: string, fallback: Position = [1, 1]): Located {
    const position = node?.range ? this.#positionAt(node.range[0]) : fallback;
    if (node === null) return { kind: 'scalar', text: '', plain: true, position, size: 1, depth: 1 };
    if (isAlias(node)) return this.#alias(node, path, position);
    const anchor = node.anchor;
    if (anchor !== undefined) this.#anchors.set(anchor, 'open');
    const located = this.#content(node, path, position);
    if (located.size > LIMITS.values) throw tooLarge(`holds more than ${LIMITS.values} values`, this.#findings.file);
    if (located.depth > LIMITS.depth) {
      throw tooLarge(`is nested deeper than ${LIMITS.depth} levels`, this.#findings.file);
    }
    if (anchor !== undefined) this.#anchors.set(anchor, located);
    return located;
  }

  #content(node: Node, path: string, position: Position): Located {
    if (node.tag !== undefined && !STANDARD_TAG.test(node.tag)) {
      this.#findings.add(
        { path: path || 'document', position },
        { code: 'recipe/yaml', message: `the tag ${node.tag} has no meaning in a recipe`, hint: 'remove the tag' },
      );
    }
    if (isSeq(node)) {
      const items = node.items.map((item, index) => this.read(item as Node | null, join(path, index), position));
      return { kind: 'sequence', items, position, ...extent(items) };
    }
    if (isMap(node)) return this.#mapping(node.items as Pair<Node, Node | null>[], path, position);
    const plain = isScalar(node) && (node.type === 'PLAIN' || node.type === undefined) && !node.tag?.endsWith(':str');
    const text = isScalar(node) && node.value !== null ? String(node.value) : '';
    return { kind: 'scalar', text, plain, position, size: 1, depth: 1 };
  }

  #mapping(pairs: readonly Pair<Node, Node | null>[], path: string, position: Position): Located {
    const entries = new Map<string, LocatedEntry>();
    const merged: LocatedMapping[] = [];
    for (const { key: keyNode, value } of pairs) {
      const keyValue = this.read(keyNode, path, position);
      if (keyValue.kind !== 'scalar') {
        const message = `a key must be a word, not ${render(keyValue)}`;
        this.#findings.add({ path: path || 'document', position: keyValue.position }, { code: 'recipe/yaml', message });
        continue;
      }
      const key = keyValue.text;
      const located = this.read(value, join(path, key), keyValue.position);
      if (key === '<<' && keyValue.plain) {
        merged.push(...this.#mergeSources(located, join(path, key)));
        continue;
      }
      const earlier = entries.get(key);
      if (earlier === undefined) entries.set(key, { key: keyValue.position, value: located });
      else this.#duplicate({ path: join(path, key), position: keyValue.position, key, earlier, later: located });
    }
    for (const source of merged) {
      for (const [key, entry] of source.entries) if (!entries.has(key)) entries.set(key, entry);
    }
    return { kind: 'mapping', entries, position, ...extent([...entries.values()].map((entry) => entry.value)) };
  }

  #duplicate(twice: { path: string; position: Position; key: string; earlier: LocatedEntry; later: Located }): void {
    const { path, position, key, earlier, later } = twice;
    const first = `${render(earlier.value)} at line ${earlier.key[0]}`;
    this.#findings.add(
      { path, position },
      {
        code: 'recipe/duplicate-key',
        message: `the key "${key}" appears twice in one mapping: ${first} and ${render(later)} here`,
        hint: 'keep one of the two',
      },
    );
  }

  #mergeSources(value: Located, path: string): LocatedMapping[] {
    const sources = value.kind === 'sequence' ? value.items : [value];
    return sources.filter((source): source is LocatedMapping => {
      if (source.kind === 'mapping') return true;
      const message = `the merge key << takes a mapping or a list of mappings, not ${render(source)}`;
      this.#findings.add({ path, position: source.position }, { code: 'recipe/yaml', message });
      return false;
    });
  }

  #alias(node: Alias, path: string, position: Position): Located {
    const target = this.#anchors.get(node.source);
    if (target !== undefined && target !== 'open') return { ...target, position };
    const message =
      target === 'open'
        ? `*${node.source} stands inside what it names`
        : `there is no anchor &${node.source} before it`;
    this.#findings.add({ path: path || 'document', position }, { code: 'recipe/yaml', message });
    return { kind: 'scalar', text: '', plain: true, position, size: 1, depth: 1 };
  }
}

function extent(children: readonly Located[]): { size: number; depth: number } {
  let size = 1;
  let depth = 0;
  for (const child of children) {
    size += child.size;
    depth = Math.max(depth, child.depth);
  }
  return { size, depth: depth + 1 };
}

/**
 * The composer recurses and the engine's own limits end the process, not the call, when it goes too deep. The parser
 * does not recurse, so the depth of its tokens is measured first, without recursion.
 */
function refuseDeepNesting(tokens: readonly CST.Token[], file: string | undefined): void {
  const open: { token: CST.Token; depth: number }[] = tokens.map((token) => ({ token, depth: 0 }));
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { token, depth } = next;
    if (depth > LIMITS.depth) throw tooLarge(`is nested deeper than ${LIMITS.depth} levels`, file);
    if (token.type === 'document' && token.value) open.push({ token: token.value, depth });
    if (!('items' in token)) continue;
    for (const item of token.items) {
      if (item.key) open.push({ token: item.key, depth: depth + 1 });
      if (item.value) open.push({ token: item.value, depth: depth + 1 });
    }
  }
}

/** Line and column of an offset in the text. */
function positions(text: string): (offset: number) => Position {
  const starts = [0];
  for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', end + 1)) starts.push(end + 1);
  return (offset) => {
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return [low + 1, offset - (starts[low] ?? 0) + 1];
  };
}

function yamlHint(code: string): string | undefined {
  if (code === 'TAB_AS_INDENT') return 'indent with spaces';
  if (code === 'BLOCK_AS_IMPLICIT_KEY') return 'one "key: value" a line; put text that holds ": " in quotes';
  return undefined;
}

function tooLarge(problem: string, file: string | undefined): RecipeError {
  return new RecipeError({ code: 'recipe/too-large', message: `the recipe ${problem}`, where: file });
}
