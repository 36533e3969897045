import { RecipeError } from '@hubfuse/plugin';
import type { Field } from './fields.ts';
import type { Gate } from './gate.ts';
import { gateWarnings } from './gate-warnings.ts';
import type { Located } from './located.ts';
import { booleanOf, isNothing, numberOf } from './located.ts';
import type { MethodSpec } from './method-spec.ts';
import { GateError, parseGate } from './parse-gate.ts';
import type { ReadContext } from './read-context.ts';
import type { EvaluateSection, HubTarget, PublishSection } from './recipe.ts';
import { parseModelReference } from './reference.ts';

const HUB_KEYS = ['repo', 'as', 'private', 'branch'];
const S3_KEYS = ['url'];

/** What a gate may be about. */
export interface GateContext extends ReadContext {
  evaluate: EvaluateSection | undefined;
  hasEvaluate: boolean;
  hasBase: boolean;
  /** Absent: the recipe names none that is known. */
  method: MethodSpec | undefined;
}

/** The `publish:` block. */
export function readPublish(field: Field, context: GateContext): PublishSection | undefined {
  const plugins = context.registry.names('publisher').filter((name) => name !== 'hub' && name !== 's3');
  if (!field.expectMapping(['hub', 's3', ...plugins, 'if'])) return undefined;
  const hubField = field.get('hub');
  const hub = hubField === undefined ? undefined : readHub(hubField, context);
  const others: Record<string, Readonly<Record<string, unknown>>> = {};
  const s3 = field.get('s3');
  const url = s3 === undefined ? undefined : readS3(s3);
  if (url !== undefined) others.s3 = { url };
  for (const name of plugins) {
    const target = field.get(name);
    if (target?.node.kind === 'mapping') others[name] = plainValue(target.node) as Record<string, unknown>;
    else target?.reportType('a mapping');
  }
  if (hubField === undefined && s3 === undefined && Object.keys(others).length === 0) {
    const hint = 'publish: {hub: {repo: <namespace>/<name>}}';
    field.reportMissing('`publish` names no place to publish to', { hint });
  }
  const condition = field.get('if');
  const gate =
    condition === undefined ? undefined : readGate(condition, { ...context, hasHub: hubField !== undefined });
  return { hub, others, gate };
}

/** `hub: {repo: ns/name, as: pull_request}`, or just `hub: ns/name`. */
function readHub(field: Field, context: ReadContext): HubTarget | undefined {
  const isText = field.node.kind === 'scalar';
  if (!isText && !field.expectMapping(HUB_KEYS)) return undefined;
  const repoField = isText ? field : field.get('repo');
  if (repoField === undefined) {
    return field.reportMissing('`publish.hub` needs a `repo`: <namespace>/<name>');
  }
  const repo = readRepo(repoField, context);
  const target = {
    as: field.get('as')?.choice(['commit', 'pull_request'] as const) ?? 'commit',
    private: field.get('private')?.boolean() ?? false,
    branch: field.get('branch')?.text('a branch') ?? 'main',
  };
  return repo === undefined ? undefined : { repo, ...target };
}

function readRepo(field: Field, context: ReadContext): string | undefined {
  const text = field.text('a repository: <namespace>/<name>');
  if (text === undefined) return undefined;
  try {
    const reference = parseModelReference(text, { ...context.references, isFolder: () => false });
    if (reference.kind === 'hub' && reference.repo.includes('/') && reference.revision === undefined) {
      return reference.repo;
    }
  } catch (error) {
    if (!(error instanceof RecipeError)) throw error;
  }
  const message = `"${text}" is no repository to publish to`;
  return field.report({
    code: 'recipe/bad-reference',
    message,
    hint: 'write <namespace>/<name>; `branch` names a branch',
  });
}

/** `s3: {url: s3://bucket/prefix}`, or just `s3: s3://bucket/prefix`. */
function readS3(field: Field): string | undefined {
  const isText = field.node.kind === 'scalar';
  if (!isText && !field.expectMapping(S3_KEYS)) return undefined;
  const urlField = isText ? field : field.get('url');
  if (urlField === undefined) return field.reportMissing('`publish.s3` needs a `url`: s3://bucket/prefix');
  const url = urlField.text('an address: s3://bucket/prefix');
  if (url === undefined || /^s3:\/\/[a-z0-9]/.test(url)) return url;
  return urlField.report({
    code: 'recipe/bad-reference',
    message: `"${url}" is no address in S3`,
    hint: 'write s3://bucket/prefix',
  });
}

function readGate(field: Field, context: GateContext & { hasHub: boolean }): Gate | undefined {
  const text = field.text('a condition such as: mean > best_parent');
  if (text === undefined) return undefined;
  const datasets = context.evaluate?.datasets ?? [];
  if (!context.hasEvaluate) {
    const message = 'a condition for publishing needs `evaluate`: without it nothing is scored';
    return field.report({ code: 'recipe/gate', message });
  }
  if (context.evaluate === undefined) return undefined;
  try {
    const gate = parseGate(
      text,
      datasets.map(({ name }) => name),
    );
    checkNames(field, gate, context);
    for (const message of gateWarnings(gate.condition)) context.warnings.push({ path: field.path, message });
    return gate;
  } catch (error) {
    if (!(error instanceof GateError)) throw error;
    const [line, column] = field.node.position;
    const { node } = field;
    // Inside a text of one line an offset is a column; elsewhere (a block, an escape) the value's start has to do.
    const known = node.kind === 'scalar' && node.plain && !text.includes('\n');
    const position = [line, known ? column + error.offset : column] as const;
    const { code, summary: message, hint } = error;
    context.findings.add({ path: field.path, position }, { code, message, hint });
    return undefined;
  }
}

/** Whether the recipe says enough to score what the gate names. */
function checkNames(field: Field, gate: Gate, context: GateContext & { hasHub: boolean }): void {
  const report = (message: string, hint?: string) => field.report({ code: 'recipe/gate', message, hint });
  if (gate.names.includes('base') && !context.hasBase) {
    report('the gate compares with `base`, and the recipe has no base_model', baseHint(context.method));
  }
  if (gate.names.includes('published') && !context.hasHub) {
    report('the gate compares with what is `published`, and there is no `publish.hub`');
  }
  const datasets = context.evaluate?.datasets ?? [];
  const inDomain = datasets.filter(({ domain }) => domain === 'in');
  const named = datasets.filter(({ name }) => gate.names.includes(name));
  const needsMean = gate.names.some((name) => !datasets.some((dataset) => dataset.name === name));
  for (const { name, dev, path } of new Set([...named, ...(needsMean ? inDomain : [])])) {
    if (dev !== undefined) continue;
    const message = `the gate reads development scores, and the dataset "${name}" (${path}) has no \`dev\` file`;
    report(message, `give ${path} a \`dev\` file`);
  }
}

/** A method that uses no base refuses one that it does not merge: to give base_model alone would lead to the next error. */
function baseHint(method: MethodSpec | undefined): string {
  if (method?.base !== 'unused') return 'give base_model, or drop `base`';
  return `${method.name} uses no base: compare with best_parent, or name one of the merged models as base_model`;
}

/** A plugin's target as plain data, read by YAML 1.2's rules. */
function plainValue(node: Located): unknown {
  if (node.kind === 'sequence') return node.items.map(plainValue);
  if (node.kind === 'mapping') {
    return Object.fromEntries([...node.entries].map(([key, entry]) => [key, plainValue(entry.value)]));
  }
  if (isNothing(node)) return null;
  return booleanOf(node) ?? (node.plain ? numberOf(node) : undefined) ?? node.text;
}
