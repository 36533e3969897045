import { describe, expect, test } from 'vitest';
import { read, refusal } from '../test/reading.ts';

const data = `evaluate:
  task: text-classification
  datasets: [{name: x, dev: x.jsonl, test: y.jsonl}, {name: far, test: z.jsonl, domain: out}]
`;
const pcb = `merge_method: pcb\nbase_model: a/base\nmodels: [a/x, a/y, a/z]\n`;
const evolver = `merge_method: evolver\nmodels: [a/x, a/y, a/z]\n`;

describe('evolve', () => {
  test('an empty block has the defaults of the paper', () => {
    expect(read(`${pcb}${data}evolve: {}\n`).evolve).toEqual({
      mode: 'differential',
      generations: 15,
      scale: 0.5,
      crossover: 0.5,
      reference: 'random',
      update: 'steady',
      order: 'random',
      population: 'models',
      exclude: [],
      budget: {},
      path: 'evolve',
    });
  });

  test('Evolver alone needs no block, and chooses as the authors do', () => {
    expect(read(evolver + data).evolve).toMatchObject({ mode: 'differential', order: 'fixed', path: 'merge_method' });
    expect(read(`${evolver}${data}evolve: {mode: blend}`).evolve).toMatchObject({ reference: 'adaptive' });
    expect(read(`${pcb}${data}evolve: {mode: blend}`).evolve).toMatchObject({ reference: 'random' });
  });

  test('every setting and budget is read', () => {
    const block =
      '{mode: blend, generations: 3, scale: 0.2, crossover: 1, reference: random, update: synchronous, order: fixed, ' +
      'population: models, exclude: classifier, evaluations: 40, examples: 9000, time: 1h30m}';
    expect(read(`${pcb}${data}evolve: ${block}\n`).evolve).toMatchObject({
      mode: 'blend',
      generations: 3,
      scale: 0.2,
      crossover: 1,
      reference: 'random',
      update: 'synchronous',
      order: 'fixed',
      exclude: ['classifier'],
      budget: { evaluations: 40, examples: 9000, seconds: 5400 },
    });
  });

  test('the population can be named model by model', () => {
    const named = 'https://huggingface.co/a/x, a/z@main, a/y';
    expect(read(`${pcb}${data}evolve: {population: [${named}]}`).evolve).toMatchObject({ population: 'models' });
  });

  test.each([
    ['lacks one', 'a/x, a/y', 'evolve.population', 'a/z is merged and is not in the population'],
    ['has one twice', 'a/x, a/y, a/z, a/x', 'evolve.population[3]', 'twice'],
    ['has a stranger', 'a/x, a/y, a/z, a/other', 'evolve.population[3]', 'none of the models'],
    ['is empty', '', 'evolve.population', 'not in the population'],
  ])('a population that %s is refused', (_, named, path, mention) => {
    const text = `${pcb}${data}evolve: {population: [${named}]}`;
    expect(refusal(text)).toMatchObject({
      code: 'recipe/population',
      where: expect.stringContaining(path),
      summary: expect.stringContaining(mention),
    });
  });

  test.each([
    ['90', 90],
    ['90s', 90],
    ['1.5 h', 5400],
    ['2m30s', 150],
    ['1d', 86400],
  ])('the time %s is %d seconds', (text, seconds) => {
    expect(read(`${pcb}${data}evolve: {time: ${text}}`).evolve?.budget.seconds).toBe(seconds);
  });

  test('a base that is listed is no individual', () => {
    const text = `merge_method: pcb\nbase_model: a/base\nmodels: [a/base, a/x, a/y]\n${data}evolve: {}\n`;
    expect(refusal(text)).toMatchObject({ code: 'recipe/population', summary: expect.stringContaining('has 2') });
  });

  test.each<[name: string, text: string, code: string, path: string, mention: string]>([
    ['two models', `${pcb.replace(', a/z', '') + data}evolve: {}`, 'population', 'evolve', 'mode: blend'],
    ['two models alone', evolver.replace(', a/z', '') + data, 'population', 'merge_method', 'mode: blend'],
    [
      'one model',
      `${pcb.replace(', a/y, a/z', '') + data}evolve: {mode: blend}`,
      'population',
      'evolve.mode',
      'add models',
    ],
    ['no generations', `${pcb + data}evolve: {generations: 0}`, 'wrong-type', 'evolve.generations', 'from 1'],
    ['no evaluations', `${pcb + data}evolve: {evaluations: 0}`, 'wrong-type', 'evolve.evaluations', 'from 1'],
    ['no examples', `${pcb + data}evolve: {examples: 0}`, 'wrong-type', 'evolve.examples', 'from 1'],
    ['no time', `${pcb + data}evolve: {time: 0s}`, 'out-of-range', 'evolve.time', 'above 0'],
    ['a time without meaning', `${pcb + data}evolve: {time: soon}`, 'wrong-type', 'evolve.time', '30m'],
    ['a scale of zero', `${pcb + data}evolve: {scale: 0}`, 'out-of-range', 'evolve.scale', 'above 0'],
    [
      'a blend beyond its reference',
      `${pcb + data}evolve: {mode: blend, scale: 1.5}`,
      'out-of-range',
      'evolve.scale',
      'at most 1',
    ],
    ['a crossover above one', `${pcb + data}evolve: {crossover: 2}`, 'out-of-range', 'evolve.crossover', 'at most 1'],
    ['an unknown key', `${pcb + data}evolve: {generation: 3}`, 'unknown-key', 'evolve.generation', 'generations?'],
    ['an unknown mode', `${pcb + data}evolve: {mode: diferential}`, 'unknown-value', 'evolve.mode', 'differential?'],
    [
      'a reference of the other mode',
      `${pcb + data}evolve: {reference: best}`,
      'contradiction',
      'evolve.reference',
      'blend',
    ],
    [
      'a reference by score in front of a method',
      `${pcb}${data}evolve: {mode: blend, reference: adaptive}`,
      'contradiction',
      'evolve.reference',
      'merge_method: evolver',
    ],
    ['no evaluate', `${pcb}evolve: {}`, 'search-data', 'evolve', '`evaluate`'],
    ['no evaluate for Evolver alone', evolver, 'search-data', 'merge_method', '`evaluate`'],
    ['no development data', `${pcb}${data.replace('dev: x.jsonl, ', '')}evolve: {}`, 'search-data', 'evolve', '`dev`'],
    [
      'a method without one model',
      `${pcb.replace('pcb', 'masks')}${data}evolve: {}`,
      'search-method',
      'evolve',
      'each task',
    ],
    ['a block that is no mapping', `${pcb}${data}evolve: yes`, 'wrong-type', 'evolve', 'mapping'],
    ['a search beside it', `${pcb}${data}evolve: {}\nsearch: {over: [ratio]}`, 'contradiction', 'search', 'not both'],
    ['a search of Evolver', `${evolver}${data}search: {over: [x]}`, 'contradiction', 'search', 'not both'],
  ])('refuses %s', (_, text, code, path, mention) => {
    const error = refusal(text);
    expect({ code: error.code, path: error.place?.path }).toEqual({ code: `recipe/${code}`, path });
    expect(error.message).toContain(mention);
    expect(error.place?.line).toBeGreaterThan(0);
  });
});

describe('search', () => {
  test("names alone search each number as the method has it, from the recipe's values", () => {
    const text = `${pcb}parameters: {lambda: 0.5}\n${data}search: {over: [lambda, ratio]}\n`;
    expect(read(text).search).toEqual({
      over: [
        { parameter: 'lambda', per: 'model', layers: 1, filters: [], range: [0, 1], path: 'search.over[0]' },
        { parameter: 'ratio', per: 'merge', layers: 1, filters: [], range: [0.01, 1], path: 'search.over[1]' },
      ],
      population: undefined,
      step: 1 / 6,
      restarts: 'bipop',
      budget: { evaluations: 100, examples: undefined, seconds: undefined },
    });
  });

  test('an entry may say per what, how many values over the depth, which tensors and which range', () => {
    const entry = '{parameter: lambda, per: merge, layers: 3, filters: [attention], range: [0.5, 3]}';
    const { search } = read(
      `${pcb}${data}search: {over: ${entry}, evaluations: 30, population: 8, restarts: none, step: 0.3}\n`,
    );
    expect(search).toMatchObject({
      over: [{ parameter: 'lambda', per: 'merge', layers: 3, filters: ['attention'], range: [0.5, 3] }],
      population: 8,
      step: 0.3,
      restarts: 'none',
      budget: { evaluations: 30 },
    });
  });

  test.each<[name: string, text: string, code: string, path: string, mention: string]>([
    ['nothing to search', 'search: {}', 'missing-key', 'search', 'over: [ratio, lambda, clamp]'],
    ['an empty list', 'search: {over: []}', 'missing-key', 'search.over', 'no parameter'],
    ['an unknown parameter', 'search: {over: [lamda]}', 'unknown-parameter', 'search.over[0]', 'lambda?'],
    ['a choice', 'search: {over: [form]}', 'search-parameter', 'search.over[0]', 'ratio'],
    ['a parameter twice', 'search: {over: [ratio, ratio]}', 'duplicate-name', 'search.over[1]', 'already'],
    ['a value that the method computes', 'search: {over: [clamp]}', 'search-start', 'search.over[0]', 'one number'],
    [
      'a gradient to start from',
      'parameters: {lambda: [0, 1]}\nsearch: {over: [lambda]}',
      'search-start',
      'search.over[0]',
      'between tensors',
    ],
    [
      'a start outside the range',
      'search: {over: [{parameter: lambda, range: [2, 3]}]}',
      'search-start',
      'search.over[0].range',
      'starts at',
    ],
    [
      'an empty range',
      'search: {over: [{parameter: lambda, range: [2, 1]}]}',
      'out-of-range',
      'search.over[0].range',
      'empty',
    ],
    [
      "a range beyond the method's",
      'search: {over: [{parameter: ratio, range: [0.1, 2]}]}',
      'out-of-range',
      'search.over[0].range',
      'outside (0, 1]',
    ],
    [
      'half a range',
      'search: {over: [{parameter: ratio, range: [0.1]}]}',
      'wrong-type',
      'search.over[0].range',
      'two numbers',
    ],
    [
      'layers of a whole-model threshold',
      'search: {over: [{parameter: ratio, layers: 2}]}',
      'per-tensor',
      'search.over[0].layers',
      'scope: tensor',
    ],
    [
      "a model's own share of one value",
      'search: {over: [{parameter: ratio, per: model}]}',
      'parameter-level',
      'search.over[0].per',
      'whole merge',
    ],
    ['no evaluations', 'search: {over: [ratio], evaluations: 0}', 'wrong-type', 'search.evaluations', 'from 1'],
  ])('refuses %s', (_, text, code, path, mention) => {
    const error = refusal(`${pcb}${data}${text}\n`);
    expect({ code: error.code, path: error.place?.path }).toEqual({ code: `recipe/${code}`, path });
    expect(error.message).toContain(mention);
  });
});
