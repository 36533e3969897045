import type { Field } from './fields.ts';
import type { MethodSpec } from './method-spec.ts';
import type { ReadContext } from './read-context.ts';
import type { ModelEntry } from './recipe.ts';
import { sameModel } from './reference.ts';
import { baseMissing } from './require-base.ts';

/** What to do where a method needs a base and the recipe gives none: refuse, or leave it to `requireBase`. */
export type BaseRule = 'required' | 'later';

interface BaseOptions {
  root: Field;
  method: MethodSpec;
  base: ModelEntry | undefined;
  entries: readonly ModelEntry[];
  baseRule: BaseRule;
  context: ReadContext;
}

/** Checks the base against the method and returns the models that take part in the merge. */
export function assignBase(options: BaseOptions): ModelEntry[] {
  const { method, base, entries, context, root } = options;
  const usesBase = method.base !== 'unused';
  const listed = base === undefined ? [] : entries.filter((entry) => sameModel(entry.reference, base.reference));
  if (!usesBase && base !== undefined && listed.length === 0) {
    root.get('base_model')?.report({
      code: 'recipe/base-unused',
      message: `${method.name} does not use a base, and base_model (${base.text}) is not among the models`,
      hint: `list ${base.text} under \`models\` to merge it, or drop base_model`,
    });
  }
  if (method.base === 'required' && base === undefined && options.baseRule === 'required') {
    context.findings.adopt({ path: 'base_model', position: root.node.position }, baseMissing(method.name));
  }
  const models = mergedModels(options);
  if (usesBase) for (const entry of listed) warnOfParameters(entry, context);
  checkCount(options, models.length);
  return models;
}

/** The models that take part in the merge: a base that is listed with a task-vector method is no fine-tune. */
export function mergedModels({
  method,
  base,
  entries,
}: Pick<BaseOptions, 'method' | 'base' | 'entries'>): ModelEntry[] {
  if (method.base === 'unused' || base === undefined) return [...entries];
  return entries.filter(({ reference }) => !sameModel(reference, base.reference));
}

/** The base needs no values; those that it has would change nothing. */
function warnOfParameters(entry: ModelEntry, { warnings }: ReadContext): void {
  const names = Object.keys(entry.parameters);
  if (names.length === 0) return;
  warnings.push({
    path: `${entry.entry}.parameters`,
    message: `${names.join(', ')} of the base ${entry.text} changes nothing: it is what task vectors are measured from`,
  });
}

function checkCount({ root, method, base }: BaseOptions, count: number): void {
  const { minimum, maximum } = method.models;
  if (count >= minimum && (maximum === undefined || count <= maximum)) return;
  const withBase = method.base === 'required';
  const wanted =
    minimum === maximum ? `exactly ${minimum}` : count < minimum ? `at least ${minimum}` : `at most ${maximum}`;
  // Who names too many counts the base among them; who names too few has named nothing but the base.
  const limit = count > minimum || minimum === maximum ? maximum : undefined;
  const inAll = withBase && limit !== undefined ? ` (${limit + 1} in all)` : '';
  const given = withBase && base !== undefined && limit !== undefined ? `${count + 1} in all` : `${count}`;
  const noun = wanted.endsWith(' 1') ? 'model' : 'models';
  const what = withBase ? `base_model and ${wanted} other ${noun}${inAll}` : `${wanted} ${noun}`;
  root.get('models')?.report({
    code: 'recipe/model-count',
    message: `${method.name} takes ${what}; the recipe names ${given}`,
  });
}
