import type { FindingPlace } from './findings.ts';
import type { Located, LocatedMapping } from './located.ts';
import type { ReadContext } from './read-context.ts';

/**
 * Several documents: each is a merge with a name that others use as a model; the one without a name is the result.
 * Checks the documents and how they hang together, then puts them off.
 *
 * @throws RecipeError always: several documents are not done yet.
 */
export function checkStages(options: {
  documents: readonly Located[];
  context: ReadContext;
  read: (document: Located, path: string) => unknown;
}): void {
  const { documents, context, read } = options;
  const { findings } = context;
  documents.forEach((document, index) => {
    read(document, `documents[${index}]`);
  });
  const place: FindingPlace = { path: 'documents', position: documents[1]?.position };
  const stages = documents.filter((document) => document.kind === 'mapping');
  const unnamed = stages.filter((stage) => nameOf(stage) === undefined);
  if (unnamed.length > 1) {
    const message = `${unnamed.length} documents have no \`name\`: only the result may be without one`;
    findings.add(place, { code: 'recipe/two-results', message, hint: 'give every document but the result a `name`' });
  }
  const byName = new Map<string, LocatedMapping>();
  for (const stage of stages) {
    const name = nameOf(stage);
    if (name === undefined) continue;
    if (byName.has(name)) {
      findings.add(place, { code: 'recipe/duplicate-name', message: `two documents have the name "${name}"` });
    }
    byName.set(name, stage);
  }
  const circle = findCircle(byName);
  if (circle !== undefined) {
    const message = `the documents need each other in a circle: ${circle.join(' -> ')}`;
    findings.add(place, {
      code: 'recipe/circle',
      message,
      hint: 'no document can be made first; let one of them use a model instead',
    });
  }
  findings.notYet(place, { message: 'hubfuse does not merge several documents yet', hint: 'merge them one by one' });
  findings.throwIfAny();
}

function nameOf(stage: LocatedMapping): string | undefined {
  const name = stage.entries.get('name')?.value;
  return name?.kind === 'scalar' && name.text !== '' ? name.text : undefined;
}

/** The names on a circle, the first one again at the end. */
function findCircle(stages: ReadonlyMap<string, LocatedMapping>): string[] | undefined {
  const done = new Set<string>();
  const walk = (name: string, path: string[]): string[] | undefined => {
    if (path.includes(name)) return [...path.slice(path.indexOf(name)), name];
    const stage = stages.get(name);
    if (stage === undefined || done.has(name)) return undefined;
    for (const used of wordsOf(stage)) {
      const circle = stages.has(used) ? walk(used, [...path, name]) : undefined;
      if (circle !== undefined) return circle;
    }
    done.add(name);
    return undefined;
  };
  for (const name of stages.keys()) {
    const circle = walk(name, []);
    if (circle !== undefined) return circle;
  }
  return undefined;
}

/** Every text where a reference may stand. */
function wordsOf(node: Located, key = ''): string[] {
  if (node.kind === 'sequence') return node.items.flatMap((item) => wordsOf(item, key));
  if (node.kind === 'scalar') return REFERENCE_KEYS.includes(key) ? [node.text] : [];
  return [...node.entries].flatMap(([name, { value }]) => wordsOf(value, name));
}

const REFERENCE_KEYS = ['model', 'models', 'base_model', 'path', 'sources'];
