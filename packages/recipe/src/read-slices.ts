import type { Field } from './fields.ts';
import { numberOf } from './located.ts';
import { type ModelContext, readModelEntry, readModels, readReference } from './read-models.ts';
import { readSettings } from './read-settings.ts';
import { type ModelReference, sameModel } from './reference.ts';

const SLICE_KEYS = ['sources', 'base_model', 'residual_weight', 'parameters'];
const MODULE_KEYS = ['models', 'slices', 'parameters'];

/** `slices:`, checked for everything that the recipe alone decides. Reports what is wrong and keeps nothing. */
export function checkSlices(field: Field, context: ModelContext & { base: ModelReference | undefined }): void {
  for (const slice of field.items('a list of slices') ?? []) checkSlice(slice, context);
}

/** `modules:`: each holds `models` or `slices`. */
export function checkModules(field: Field, context: ModelContext & { base: ModelReference | undefined }): void {
  if (field.node.kind !== 'mapping') {
    field.reportType('a mapping of module names');
    return;
  }
  for (const name of field.keys) {
    const module = field.get(name);
    if (module === undefined || !module.expectMapping(MODULE_KEYS)) continue;
    const [models, slices] = [module.get('models'), module.get('slices')];
    if ((models === undefined) === (slices === undefined)) {
      const message = `the module "${name}" needs exactly one of \`models\` and \`slices\``;
      module.report({ code: 'recipe/contradiction', message });
    }
    if (models !== undefined) readModels(models, context);
    if (slices !== undefined) checkSlices(slices, context);
    checkParameters(module, context);
  }
}

function checkSlice(slice: Field, context: ModelContext & { base: ModelReference | undefined }): void {
  if (!slice.expectMapping(SLICE_KEYS)) return;
  checkParameters(slice, context);
  const baseField = slice.get('base_model');
  const ownBase = baseField === undefined ? undefined : readReference(baseField, context);
  const sources = slice.get('sources');
  const items = sources?.items('a list of sources');
  if (sources === undefined || items === undefined || items.length === 0) {
    slice.reportMissing(`${slice.path} needs at least one entry in \`sources\``);
    return;
  }
  const entries = items.map((item) => readModelEntry(item, context, ['layer_range']));
  const lengths = items.map((item) => layerCount(item));
  const known = lengths.filter((length) => length !== undefined);
  if (known.length === lengths.length && new Set(known).size > 1) {
    sources.report({
      code: 'recipe/slice-lengths',
      message: `the sources of ${slice.path} have ${known.join(', ')} layers`,
      hint: 'all sources of a slice need the same number of layers',
    });
  }
  checkBase(slice, { entries, base: ownBase?.reference ?? context.base, context });
  const maximum = context.method?.base === 'unused' ? context.method.models.maximum : undefined;
  if (maximum !== undefined && items.length > maximum) {
    const sourceWord = maximum === 1 ? 'source' : 'sources';
    sources.report({
      code: 'recipe/model-count',
      message: `${context.method?.name} takes ${maximum} ${sourceWord} per slice; ${slice.path} has ${items.length}`,
    });
  }
}

function checkBase(
  slice: Field,
  given: {
    entries: readonly ({ reference: ModelReference } | undefined)[];
    base: ModelReference | undefined;
    context: ModelContext;
  },
): void {
  const { entries, base, context } = given;
  if (context.method?.base !== 'required' || base === undefined) return;
  if (entries.some((entry) => entry === undefined || sameModel(entry.reference, base))) return;
  slice.report({
    code: 'recipe/slice-without-base',
    message: `${slice.path} does not list base_model (${base.reference}) among its sources`,
    hint: 'each slice must list the base, or set its own base_model',
  });
}

/** Length of `layer_range`, a half-open range. */
function layerCount(item: Field): number | undefined {
  const range = item.get('layer_range');
  if (range === undefined) {
    return item.reportMissing('a source needs a `layer_range`: [start, end]');
  }
  const numbers = range.node.kind === 'sequence' ? range.node.items.map(numberOf) : [];
  const [start, end] = numbers;
  if (numbers.length !== 2 || !isLayer(start) || !isLayer(end)) {
    return range.reportType('two whole numbers: [start, end]');
  }
  if (start <= end) return end - start;
  return range.report({
    code: 'recipe/layer-range',
    message: `the layer_range ${range.shown} runs backwards`,
    hint: 'start must not exceed end: [start, end] holds the layers start to end - 1',
  });
}

function isLayer(value: number | undefined): value is number {
  return Number.isSafeInteger(value) && (value ?? -1) >= 0;
}

function checkParameters(field: Field, context: ModelContext): void {
  if (context.method === undefined) return;
  readSettings(field.get('parameters'), { ...context, method: context.method, level: 'top' });
}
