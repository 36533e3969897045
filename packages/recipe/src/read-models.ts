import { RecipeError } from '@hubfuse/plugin';
import type { Choices } from './choices.ts';
import type { Field } from './fields.ts';
import { type MethodSpec, methodsWith } from './method-spec.ts';
import { readStatisticsKeys, STATISTICS_KEYS } from './read-calibration.ts';
import type { ReadContext } from './read-context.ts';
import { readSettings } from './read-settings.ts';
import type { ModelEntry } from './recipe.ts';
import { type ModelReference, parseModelReference } from './reference.ts';

const ENTRY_KEYS = ['model', 'parameters', ...STATISTICS_KEYS];
const OBJECT_KEYS = ['model', 'path', 'revision', 'lora', 'override_architecture'];

/** What is needed to read the parameters of a model. */
export interface ModelContext extends ReadContext {
  /** Absent where the recipe's method is unknown: parameters are not looked at then. */
  method: MethodSpec | undefined;
  /** Values of the method's choices in this recipe. */
  choices: Choices;
}

/** The `models:` list. */
export function readModels(field: Field, context: ModelContext): ModelEntry[] {
  const items = field.items('a list of models') ?? [];
  return items.map((item) => readModelEntry(item, context)).filter((entry) => entry !== undefined);
}

/** A bare reference, or a mapping with `model` and `parameters` (and what `extraKeys` names, for slices). */
export function readModelEntry(
  item: Field,
  context: ModelContext,
  extraKeys: readonly string[] = [],
): ModelEntry | undefined {
  if (item.node.kind === 'scalar') return readReference(item, context);
  const hintOf = (key: string) =>
    methodsWith(context.registry, key).length > 0
      ? `"${key}" belongs under \`parameters:\` of the model; it stands one level too high`
      : undefined;
  if (!item.expectMapping([...ENTRY_KEYS, ...extraKeys], hintOf)) return undefined;
  const model = item.get('model');
  if (model === undefined) {
    return item.reportMissing('an entry of `models` needs a `model`');
  }
  const entry = readReference(model, context);
  const parameters =
    context.method === undefined
      ? {}
      : readSettings(item.get('parameters'), { ...context, method: context.method, level: 'model' });
  if (entry === undefined) return undefined;
  return { ...entry, parameters, ...readStatisticsKeys(item, entry.reference, context), entry: item.path };
}

/** A reference as text, or mergekit's object `{model: {path, revision}}` (the inner mapping alone is taken as well). */
export function readReference(field: Field, context: ReadContext): ModelEntry | undefined {
  const text = referenceText(field, context);
  if (text === undefined) return undefined;
  const reference = parse(field, text, context);
  return reference && { text, reference, parameters: {}, path: field.path, entry: field.path };
}

function referenceText(field: Field, context: ReadContext): string | undefined {
  if (field.node.kind === 'scalar') return field.text('a reference to a model');
  if (!field.expectMapping(OBJECT_KEYS)) return undefined;
  for (const key of ['lora', 'override_architecture']) {
    const found = field.get(key);
    if (found !== undefined) context.findings.notYet(found.place, { message: `hubfuse does not do \`${key}\` yet` });
  }
  const inner = field.get('model');
  if (inner !== undefined) return referenceText(inner, context);
  const path = field.get('path')?.text('a reference to a model');
  if (path === undefined) return field.reportMissing('a model object needs a `path`');
  const revision = field.get('revision')?.text('a revision');
  return revision === undefined ? path : `${path}@${revision}`;
}

function parse(field: Field, text: string, context: ReadContext): ModelReference | undefined {
  try {
    return parseModelReference(text, context.references);
  } catch (error) {
    if (!(error instanceof RecipeError)) throw error;
    context.findings.adopt(field.place, error);
    return undefined;
  }
}
