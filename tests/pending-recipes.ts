import { isMap, parseAllDocuments } from 'yaml';

/** Keys of mergekit's recipes that hubfuse checks and does not execute yet. */
const KEYS = ['slices', 'modules', 'tokenizer', 'tokenizer_source', 'chat_template'] as const;

/**
 * What keeps a recipe from being executed for now, in words that name the key; undefined where nothing does.
 * @param methods names of the methods that hubfuse has
 */
export function pendingKey(text: string, methods: readonly string[]): string | undefined {
  const documents = parseAllDocuments(text, { merge: true, uniqueKeys: false });
  if (!Array.isArray(documents)) return undefined;
  if (documents.length > 1) return 'several documents';
  const content = documents[0]?.contents;
  if (!isMap(content)) return undefined;
  const key = KEYS.find((name) => content.has(name));
  if (key !== undefined) return key;
  const method = content.get('merge_method');
  if (typeof method === 'string' && !methods.includes(method)) return `merge_method: ${method}`;
  const models: unknown = JSON.parse(JSON.stringify(content.toJSON())).models;
  const adapter = JSON.stringify(models ?? '').match(/"[^"]*\+[^"]*"/);
  return adapter === null ? undefined : 'an adapter (+)';
}
