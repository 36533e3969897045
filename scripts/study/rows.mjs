// The rows of the study, each on its own: methods with their coefficients chosen on development data, then searches by seed.
import { join } from 'node:path';

const LAMBDAS = [0.2, 0.3, 0.35, 0.4, 0.5, 0.6, 0.8, 1, 1.2, 1.5];

/**
 * What is compared. `statistics`: needs calibration data. Of a `family` only the best on development data is evolved. A method
 * that is not registered is skipped and named.
 */
const METHODS = [
  { name: 'average', method: 'linear' },
  { name: 'task arithmetic', method: 'task_arithmetic', lambdas: LAMBDAS },
  { name: 'TIES', method: 'ties', parameters: { scope: 'model', density: 0.2 }, lambdas: LAMBDAS },
  { name: 'PCB', method: 'pcb', parameters: { ratio: 0.1 }, lambdas: LAMBDAS },
  { name: 'RegMean alpha 0.1', family: 'RegMean', method: 'regmean', parameters: { alpha: 0.1 }, statistics: true },
  { name: 'RegMean alpha 0.5', family: 'RegMean', method: 'regmean', parameters: { alpha: 0.5 }, statistics: true },
  { name: 'RegMean alpha 0.9', family: 'RegMean', method: 'regmean', parameters: { alpha: 0.9 }, statistics: true },
  { name: 'Fisher', method: 'fisher', statistics: true },
  { name: 'EMR', method: 'emr', tasks: true },
];

/** Methods that models evolve in front of. */
const EVOLVED = ['average', 'task arithmetic', 'TIES', 'PCB', 'RegMean', 'Fisher'];

/** Candidates of a search, the start included. */
const EVALUATIONS = 100;

/**
 * @param options {zoos, registry, seeds, generations, modes}
 * @returns {{rows: object[], skipped: string[]}} the cheap rows first; a search follows the row that it starts from
 */
export function studyRows({ zoos, registry, seeds, generations, modes }) {
  const known = registry.names('method');
  const present = METHODS.filter(({ method }) => known.includes(method));
  const skipped = METHODS.filter(({ method }) => !known.includes(method)).map(({ name }) => `${name}: not registered`);
  const fits = (zoo) => (candidate) => candidate.statistics !== true || zoo.calibrated;
  const compared = zoos.flatMap((zoo) => [
    ...present.filter(fits(zoo)).map((candidate) => comparedRow(zoo, candidate)),
    ...(zoo.all === undefined ? [] : [multiTaskRow(zoo)]),
  ]);
  const searches = seeds.flatMap((seed) =>
    zoos.flatMap((zoo) => [
      searchRow({ zoo, of: 'PCB', seed, kind: 'CMA-ES', block: { search: searchBlock() }, candidates: EVALUATIONS }),
      ...modes.flatMap((mode) =>
        present
          .filter(fits(zoo))
          .filter(({ name, family = name }) => EVOLVED.includes(family))
          .map(({ name, family }) => {
            const candidates = 1 + generations * zoo.specialists.length;
            const rivals = family === undefined ? [] : present.filter((other) => other.family === family);
            const row = searchRow({
              zoo,
              of: name,
              seed,
              kind: mode,
              block: { evolve: { mode, generations } },
              candidates,
            });
            return { ...row, rivals: rivals.map((rival) => `${zoo.name}: ${rival.name}`) };
          }),
      ),
    ]),
  );
  return { rows: [...compared, ...searches], skipped };
}

/** Whether the merge that a row starts from is the best of its family on development data, the first among equals. */
export function startsFromBest({ id, of, rivals = [] }, results) {
  const missing = rivals.find((rival) => !results.has(rival));
  if (missing !== undefined) throw new Error(`"${id}" needs the result of "${missing}"`);
  const scores = rivals.map((rival) => results.get(rival).dev);
  return rivals.length === 0 || rivals[scores.indexOf(Math.max(...scores))] === of;
}

function searchBlock() {
  return { over: [{ parameter: 'lambda', range: [0, 2] }], evaluations: EVALUATIONS };
}

function comparedRow(zoo, { name, method, parameters = {}, lambdas, statistics, tasks }) {
  const variants = (lambdas ?? [undefined]).map((lambda) => ({
    label: lambda === undefined ? '' : `lambda ${lambda}`,
    content: {
      ...recipeOf(zoo, method),
      parameters: { ...parameters, ...(lambda === undefined ? {} : { lambda }) },
      ...(statistics === true ? { calibration: join(zoo.folder, 'data', '{name}.calib.jsonl') } : {}),
    },
  }));
  const id = `${zoo.name}: ${name}`;
  return {
    id,
    kind: tasks === true ? 'run' : 'compare',
    zoo: zoo.name,
    name,
    variants,
    seconds: estimate(zoo, variants.length + 2),
  };
}

/** A merge of one model is that model. */
function multiTaskRow(zoo) {
  const content = { ...recipeOf(zoo, 'linear'), models: [zoo.all] };
  const name = 'multi-task model';
  return {
    id: `${zoo.name}: ${name}`,
    kind: 'run',
    zoo: zoo.name,
    name,
    variants: [{ label: '', content }],
    seconds: estimate(zoo, 3),
  };
}

function searchRow({ zoo, of, seed, kind, block, candidates }) {
  const name = kind === 'CMA-ES' ? `${of} + CMA-ES` : `${of}, evolved (${kind})`;
  return {
    ...{ id: `${zoo.name}: ${name}, seed ${seed}`, kind: 'search', zoo: zoo.name, name, of: `${zoo.name}: ${of}` },
    ...{ seed, block, seconds: estimate(zoo, candidates) },
  };
}

function recipeOf(zoo, method) {
  const base = method === 'linear' || method === 'regmean' || method === 'fisher' ? {} : { base_model: zoo.base };
  return {
    ...{ name: 'study', merge_method: method, ...base, models: zoo.specialists, out_dtype: 'float32' },
    evaluate: { task: zoo.task, datasets: zoo.datasets },
  };
}

/** Seconds for so many models: rough, by the bytes of the weights and the number of examples. */
function estimate(zoo, models) {
  return models * (0.3 + (zoo.examples * zoo.bytes) / 1.5e10);
}
