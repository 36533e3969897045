import { didYouMean, nearest } from '@hubfuse/plugin';
import { checkRefresh } from './check-refresh.ts';
import { readChoices } from './choices.ts';
import { checkCompleteness } from './completeness.ts';
import type { Field } from './fields.ts';
import { MERGEKIT_METHODS } from './mergekit-methods.ts';
import { findMethod, type MethodSpec, methodsWith } from './method-spec.ts';
import { assignBase, type BaseRule, mergedModels } from './read-base.ts';
import { STATISTICS_KEYS, withTopLevelStatistics } from './read-calibration.ts';
import { readCompute } from './read-compute.ts';
import type { ReadContext } from './read-context.ts';
import { readDType } from './read-dtype.ts';
import { readEvaluate } from './read-evaluate.ts';
import { readLimits } from './read-limits.ts';
import { type ModelContext, readModels, readReference } from './read-models.ts';
import { type GateContext, readPublish } from './read-publish.ts';
import { readSearches } from './read-searches.ts';
import { readSettings } from './read-settings.ts';
import { checkModules, checkSlices } from './read-slices.ts';
import { checkTokenizer } from './read-tokenizer.ts';
import { readTrigger } from './read-trigger.ts';
import type { Recipe, RecipeSource } from './recipe.ts';
import { warnOfUnreadStatistics } from './warn-of-unread-statistics.ts';

const CONTENTS = ['models', 'slices', 'modules'] as const;

/** What mergekit has and hubfuse does not do yet, with what to do instead. */
const LATER = {
  slices: 'list whole models under `models`',
  modules: 'list whole models under `models`',
  tokenizer_source: 'remove it to keep the tokenizer of base_model or of the first model',
  tokenizer: 'remove it to keep the tokenizer of base_model or of the first model',
  chat_template: 'remove it to keep the template of base_model or of the first model',
};
const KEYS = [
  ...['name', 'merge_method', 'base_model', 'models', 'parameters', 'dtype', 'out_dtype', 'seed', 'heads'],
  ...STATISTICS_KEYS,
  ...['evaluate', 'evolve', 'search', 'publish', 'trigger', 'limits', 'compute', ...Object.keys(LATER)],
];

/** Reads one document. What is wrong goes to the findings; undefined where nothing usable remains. */
export function readRecipe(
  root: Field,
  options: { context: ReadContext; source: RecipeSource; baseRule: BaseRule },
): Recipe | undefined {
  const { context, source, baseRule } = options;
  const before = context.findings.count;
  if (root.node.kind !== 'mapping') {
    const found = root.node.kind === 'sequence' ? 'a list' : `the text ${root.shown}`;
    return root.report({ code: 'recipe/wrong-type', message: `a recipe is a mapping; this is ${found}` });
  }
  root.expectMapping(KEYS, (key) => parameterHint(key, context));
  const method = readMethod(root, context);
  checkContents(root, context);
  const parametersField = root.get('parameters');
  const choices = method === undefined ? {} : readChoices(parametersField, method);
  const modelContext: ModelContext = { ...context, method, choices };
  const parameters =
    method === undefined ? {} : readSettings(parametersField, { ...context, method, choices, level: 'top' });
  const baseField = root.get('base_model');
  const listed = root.get('models');
  const base = baseField && readReference(baseField, context);
  const entries = listed === undefined ? [] : withTopLevelStatistics(readModels(listed, modelContext), root, context);
  checkLater(root, { ...modelContext, base: base?.reference });
  const hasBase = baseField !== undefined;
  const common = readCommon(root, { ...context, hasBase, method });
  const merged = method === undefined ? entries : mergedModels({ method, base, entries });
  const { evaluate } = common;
  const searches = readSearches(root, { ...modelContext, models: merged, parameters, evaluate });
  if (method === undefined || context.findings.count > before) return undefined;
  // A reference that is put off (an adapter) leaves a gap, and counts would be wrong.
  const isWhole = listed?.node.kind === 'sequence' && listed.node.items.length === entries.length;
  if (!isWhole || (hasBase && base === undefined)) return undefined;
  const models = assignBase({ root, method, base, entries, baseRule, context });
  if (context.findings.count > before) return undefined;
  checkCompleteness({ root, method, models, parameters, choices, findings: context.findings });
  const isComplete = context.findings.count === before;
  if (isComplete) {
    const recipe = { models, parameters, source, ...searches };
    checkRefresh(root, { method, recipe });
    warnOfUnreadStatistics(root, { method, recipe, warnings: context.warnings });
  }
  return { method: method.name, base, models, parameters, ...common, ...searches, warnings: context.warnings, source };
}

function readCommon(root: Field, context: ReadContext & Pick<GateContext, 'hasBase' | 'method'>) {
  const evaluateField = root.get('evaluate');
  const evaluate = evaluateField && readEvaluate(evaluateField, context);
  const publishField = root.get('publish');
  const triggerField = root.get('trigger');
  const limits = root.get('limits');
  const compute = root.get('compute');
  const gateContext = { ...context, evaluate, hasEvaluate: evaluateField !== undefined };
  return {
    name: root.get('name')?.text(),
    dtype: readDType(root.get('dtype')),
    outDtype: readDType(root.get('out_dtype')),
    seed: root.get('seed')?.integer({ minimum: 0 }) ?? 0,
    heads: root.get('heads')?.choice(['merge', 'keep'] as const),
    evaluate,
    publish: publishField && readPublish(publishField, gateContext),
    trigger: triggerField && readTrigger(triggerField),
    limits: limits && readLimits(limits),
    compute: compute && readCompute(compute),
  };
}

function parameterHint(key: string, { registry }: ReadContext): string | undefined {
  if (nearest(key, KEYS) !== undefined || methodsWith(registry, key).length === 0) return undefined;
  return `"${key}" belongs under \`parameters:\`; it stands one level too high`;
}

function readMethod(root: Field, { registry, findings }: ReadContext): MethodSpec | undefined {
  const has = `hubfuse has ${registry.names('method').join(', ')}; a method of a plugin needs --plugin <package or file>`;
  const field = root.get('merge_method');
  if (field === undefined) {
    const place = { path: 'merge_method', position: root.node.position };
    return root.reportMissing('the recipe names no `merge_method`', { place, hint: has });
  }
  const name = field.text('the name of a merge method');
  if (name === undefined) return undefined;
  const found = findMethod(registry, name);
  if (found === undefined) {
    const known = [...registry.names('method'), ...MERGEKIT_METHODS.map((method) => method.name)];
    const near = nearest(name, registry.names('method')) ?? nearest(name, known);
    const hint = near === undefined ? has : `${didYouMean(name, [near])} ${has}`;
    return field.report({ code: 'recipe/unknown-method', message: `there is no merge method "${name}"`, hint });
  }
  if (!found.registered) {
    const message = `hubfuse does not have the merge method "${name}" yet`;
    findings.notYet(field.place, { code: 'recipe/unknown-method', message, hint: has });
  }
  return found.spec;
}

/** Exactly one of `models`, `slices`, `modules`. */
function checkContents(root: Field, { findings }: ReadContext): void {
  const given = CONTENTS.filter((key) => root.get(key) !== undefined);
  const models = root.get('models');
  const isEmpty = models?.node.kind === 'sequence' && models.node.items.length === 0;
  if (given.length === 1 && !isEmpty) return;
  const hint = 'a recipe has exactly one of models, slices and modules';
  const position = root.get(given[0] ?? '')?.keyPosition ?? root.node.position;
  if (given.length > 1) {
    const message = `the recipe has ${given.join(' and ')} at once`;
    findings.add({ path: given.join(' / '), position }, { code: 'recipe/contradiction', message, hint });
  } else {
    const message = 'there is nothing to merge: the recipe lists no models';
    root.reportMissing(message, { place: { path: 'models', position }, hint });
  }
}

/** Keys of mergekit that hubfuse does not do yet: checked like the others, then put off. */
function checkLater(root: Field, context: Parameters<typeof checkSlices>[1]): void {
  const [slices, modules] = [root.get('slices'), root.get('modules')];
  if (slices !== undefined) checkSlices(slices, context);
  if (modules !== undefined) checkModules(modules, context);
  checkTokenizer(root, context);
  for (const [key, hint] of Object.entries(LATER)) {
    const field = root.get(key);
    if (field === undefined) continue;
    context.findings.notYet(
      { path: field.path, position: field.keyPosition },
      { message: `hubfuse does not do \`${key}\` yet`, hint },
    );
  }
}
