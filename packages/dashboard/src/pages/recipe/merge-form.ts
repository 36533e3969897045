import type { Method, MethodParameter } from '../api/types.ts';
import type { Plain } from './to-yaml.ts';

/** A dataset that the merge is scored on, as a person fills it in. */
export interface DatasetForm {
  name: string;
  /** Address of the file for choices and the gate. */
  dev: string;
  /** Address of the file for the report. */
  test: string;
  /** Names of the columns by role (`text`, `label`); empty: the task's own. */
  text: string;
  label: string;
}

/** A merge as a person fills it in. Texts are as they were typed. */
export interface MergeForm {
  name: string;
  /** Addresses or ids. */
  models: readonly string[];
  base: string;
  method: string;
  /** Values of parameters that hold once, by name. Empty: the method's default. */
  values: Readonly<Record<string, string>>;
  /** Values for each model, in their order, of the parameters that differ between models. */
  perModel: Readonly<Record<string, readonly string[]>>;
  task: string;
  datasets: readonly DatasetForm[];
  publishTo: string;
  publishAs: 'commit' | 'pull_request';
  private: boolean;
  /** The condition for publishing. */
  condition: string;
}

export const EMPTY_DATASET: DatasetForm = { name: '', dev: '', test: '', text: '', label: '' };

export const EMPTY_FORM: MergeForm = {
  name: '',
  models: ['', ''],
  base: '',
  method: '',
  values: {},
  perModel: {},
  task: 'text-classification',
  datasets: [],
  publishTo: '',
  publishAs: 'pull_request',
  private: false,
  condition: '',
};

/** Addresses in a text that was pasted: one per line, or between spaces or commas. */
export function splitPasted(text: string): string[] {
  return text
    .split(/[\s,]+/)
    .map((part) => part.replace(/^[-*"'<]+|["'>]+$/g, ''))
    .filter((part) => part !== '');
}

/** Whether a parameter exists with the choices that are made. */
export function applies(
  { onlyWith = {} }: MethodParameter,
  options: { method: Method; values: MergeForm['values'] },
): boolean {
  return Object.entries(onlyWith).every(([name, wanted]) => {
    const given = options.values[name];
    const fallback = options.method.parameters.find((one) => one.name === name)?.default;
    return (given === undefined || given === '' ? String(fallback) : given) === wanted;
  });
}

/** The recipe that a form says. What is left empty is left out; a number that is none goes as it is, to be refused with its place. */
export function recipeOf(form: MergeForm, method: Method | undefined): { readonly [key: string]: Plain | undefined } {
  const models = form.models.map((model) => model.trim());
  const parameters = method === undefined ? {} : parametersOf(form, method);
  const perModel = method === undefined ? [] : modelParametersOf(form, method);
  const text = (value: string) => (value.trim() === '' ? undefined : value.trim());
  return {
    name: text(form.name),
    merge_method: form.method,
    base_model: method?.base === 'unused' ? undefined : text(form.base),
    models: models.flatMap((model, index): Plain[] => {
      if (model === '') return [];
      const own = perModel[index];
      return own === undefined || Object.keys(own).length === 0 ? [model] : [{ model, parameters: own }];
    }),
    parameters: Object.keys(parameters).length === 0 ? undefined : parameters,
    evaluate: evaluateOf(form),
    publish: publishOf(form),
  };
}

function parametersOf({ values }: MergeForm, method: Method): Record<string, Plain> {
  const found: Record<string, Plain> = {};
  for (const parameter of method.parameters) {
    const text = values[parameter.name]?.trim() ?? '';
    if (text !== '' && applies(parameter, { method, values })) found[parameter.name] = typedValue(parameter, text);
  }
  return found;
}

function modelParametersOf({ models, perModel, values }: MergeForm, method: Method): Record<string, Plain>[] {
  return models.map((_, index) => {
    const own: Record<string, Plain> = {};
    for (const parameter of method.parameters) {
      const text = perModel[parameter.name]?.[index]?.trim() ?? '';
      if (text !== '' && applies(parameter, { method, values })) own[parameter.name] = typedValue(parameter, text);
    }
    return own;
  });
}

function typedValue({ type }: MethodParameter, text: string): Plain {
  if (type === 'boolean') return text === 'true';
  if (type === 'names') return splitPasted(text);
  if (type === 'number' && text !== '' && Number.isFinite(Number(text))) return Number(text);
  return text;
}

function evaluateOf({ task, datasets }: MergeForm): Plain | undefined {
  const filled = datasets.filter(({ name, dev, test }) => `${name}${dev}${test}`.trim() !== '');
  if (filled.length === 0) return undefined;
  return {
    task,
    datasets: filled.map((dataset) =>
      Object.fromEntries(
        Object.entries(dataset)
          .map(([key, value]) => [key, value.trim()] as const)
          .filter(([, value]) => value !== ''),
      ),
    ),
  };
}

function publishOf({ publishTo, publishAs, private: closed, condition }: MergeForm): Plain | undefined {
  if (publishTo.trim() === '') return undefined;
  return {
    hub: { repo: publishTo.trim(), as: publishAs, private: closed ? true : undefined },
    if: condition.trim() === '' ? undefined : condition.trim(),
  };
}

/** Where in the form a pointer into the recipe leads. `models` counts only those that are filled in. */
export function placeOf(pointer: string | undefined, form: MergeForm): string | undefined {
  if (pointer === undefined) return undefined;
  const [, head = '', second, ...rest] = pointer.split('/');
  if (head === 'models' && second !== undefined) {
    const filled = form.models.flatMap((model, index) => (model.trim() === '' ? [] : [index]));
    const index = filled[Number(second)];
    if (index === undefined) return 'models';
    return rest[0] === 'parameters' && rest[1] !== undefined ? `parameters.${rest[1]}` : `models.${index}`;
  }
  if (head === 'parameters' && second !== undefined) return `parameters.${second}`;
  if (head === 'evaluate' && second === 'datasets' && rest[0] !== undefined) {
    return rest[1] === undefined ? `datasets.${rest[0]}` : `datasets.${rest[0]}.${rest[1]}`;
  }
  if (head === 'publish') return second === 'if' ? 'condition' : 'publish';
  return head === '' ? undefined : head;
}
