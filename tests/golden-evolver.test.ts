import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ScoringEnvironment } from '@hubfuse/evaluate';
import { evolve, type SearchDraws } from '@hubfuse/evolve';
import { type DrawMask, type Genealogy, Replay } from '@hubfuse/merge';
import { KernelInstance, KernelMemory, readSafetensors, toFloat64 } from '@hubfuse/tensors';
import { expect, test } from 'vitest';
import { goldenPart } from './golden-folder.ts';

// Steps and whole searches of Evolver beside those of the authors' code and of own float64 code, given their random masks.

interface GoldenStep {
  form: Genealogy['mode'];
  individual: number;
  reference?: number;
  r1?: number;
  r2?: number;
  F: number;
  Cr: number;
  mask: string;
  child: string;
  tolerance: { float32: number };
}

interface GoldenDecision {
  generation: number;
  individual: number;
  r1?: number;
  r2?: number;
  reference?: number;
  random_reference?: number;
  draw?: number;
  score: number;
  accepted: boolean;
}

interface GoldenRun {
  form: Genealogy['mode'];
  with_merger: 'mean' | null;
  F: number;
  Cr: number;
  generations: number;
  initial_scores: number | number[];
  final_scores: number | number[];
  steps: GoldenDecision[];
}

/** Values of one individual, or masks, by tensor. */
type Values = ReadonlyMap<string, Float64Array>;

const SCORE_TOLERANCE = 2e-5;
const STATE_TOLERANCE = 1e-6;
const ENVIRONMENT: ScoringEnvironment = { provider: 'cpu', processor: 'x', platform: 'linux-x64', onnxruntime: '1' };

const methods = goldenPart('methods');
const folder = methods === undefined ? undefined : join(methods, 'evolver');
const read = <T>(name: string): T | undefined =>
  folder !== undefined && existsSync(join(folder, name))
    ? (JSON.parse(readFileSync(join(folder, name), 'utf8')) as T)
    : undefined;
const steps = read<{ evolving: string[]; steps: Record<string, GoldenStep> }>('steps.json');
const trajectories = read<{ tensors: string[]; runs: Record<string, GoldenRun> }>('trajectories.json');
if (steps === undefined) test.skip('golden evolver, steps: absent', () => {});
if (trajectories === undefined) test.skip('golden evolver, trajectories: absent', () => {});

const memory = new KernelMemory();
const kernels = new KernelInstance(memory);
memory.reserve(64 << 20);

async function valuesOf(...path: string[]): Promise<Values> {
  const { tensors } = await readSafetensors(join(methods ?? '', ...path));
  return new Map(
    [...tensors].map(([name, { data, dtype }]) => [
      name,
      dtype === 'BOOL' ? Float64Array.from(data) : toFloat64(data, dtype),
    ]),
  );
}

/** The values whose names begin with a word, by the rest of their names. */
function part(values: Values, prefix: string): Values {
  return new Map(
    [...values].flatMap(([name, row]) => (name.startsWith(prefix) ? [[name.slice(prefix.length), row]] : [])),
  );
}

function maskOf(values: (place: Parameters<DrawMask>[1]) => Float64Array | undefined): DrawMask {
  return (mask, place) => {
    const taken = values(place);
    const bits = new Uint32Array(mask.buffer, mask.byteOffset, mask.length);
    for (let i = 0; i < mask.length; i++) bits[i] = (taken?.[place.offset + i] ?? Number.NaN) > 0 ? 0xffff_ffff : 0;
  };
}

/** The population that a genealogy makes of parents. */
function replay(
  genealogy: Genealogy,
  options: { parents: readonly Values[]; tensors: readonly string[]; drawMask: DrawMask },
): Values[] {
  const { parents, tensors, drawMask } = options;
  const mark = memory.mark;
  try {
    const individuals = parents.length;
    const evolution = new Replay({ genealogy, individuals, memory, kernels, drawMask });
    const population = parents.map(() => new Map<string, Float64Array>());
    for (const name of tensors) {
      const rows = parents.map((values) => {
        const source = values.get(name) ?? new Float64Array();
        const row = memory.float32(source.length);
        row.set(source);
        return row;
      });
      const planned = { name, rule: 'merge', parts: rows } as unknown as Parameters<Replay['evolve']>[0];
      evolution.evolve(planned, { offset: 0, rows });
      for (const [index, row] of rows.entries()) population[index]?.set(name, Float64Array.from(row));
    }
    return population;
  } finally {
    memory.release(mark);
  }
}

function largestDifference(actual: Values | undefined, expected: Values, tensors: readonly string[]): number {
  let largest = 0;
  for (const name of tensors) {
    const wanted = expected.get(name);
    if (wanted === undefined || wanted.length === 0) throw new Error(`the golden file lacks ${name}`);
    for (const [i, value] of wanted.entries()) {
      largest = Math.max(largest, Math.abs((actual?.get(name)?.[i] ?? Number.NaN) - value));
    }
  }
  return largest;
}

test.each(Object.entries(steps?.steps ?? {}))('one step, %s, is that of the reference', async (_, step) => {
  const evolving = steps?.evolving ?? [];
  const mask = await valuesOf(step.mask);
  const parents: Values[] = [];
  for (let task = 1; existsSync(join(methods ?? '', 'models', `task-${task}`)); task++) {
    parents.push(await valuesOf('models', `task-${task}`, 'model.safetensors'));
  }
  const references = [step.reference, step.r1, step.r2].flatMap((one) => (one === undefined ? [] : [one - 1]));
  const genealogy: Genealogy = {
    ...{ seed: 0, mode: step.form, scale: step.F, crossover: step.Cr, update: 'steady', dtype: 'F32', exclude: [] },
    steps: [{ generation: 0, individual: step.individual - 1, references }],
    individual: step.individual - 1,
  };
  const drawMask = maskOf(({ tensor }) => mask.get(tensor));
  const population = replay(genealogy, { parents, tensors: evolving, drawMask });
  const child = await valuesOf(step.child);
  expect(largestDifference(population[step.individual - 1], child, evolving)).toBeLessThanOrEqual(
    step.tolerance.float32,
  );
});

/** The random choices that a golden run made. */
function drawsOf(run: GoldenRun): SearchDraws {
  const at = (generation: number, individual: number): GoldenDecision | undefined =>
    run.steps.find((step) => step.generation === generation && step.individual === individual + 1);
  return {
    order: (generation) =>
      run.steps.filter((step) => step.generation === generation).map((step) => step.individual - 1),
    others: ({ generation, individual, count }) => {
      const step = at(generation, individual);
      const drawn = count === 2 ? [step?.r1, step?.r2] : [step?.random_reference ?? step?.reference];
      return drawn.map((one) => (one ?? Number.NaN) - 1);
    },
    uniform: (generation, individual) => at(generation, individual)?.draw ?? Number.NaN,
  };
}

test.each(Object.entries(trajectories?.runs ?? {}))('the search %s decides as the reference', async (name, run) => {
  const tensors = trajectories?.tensors ?? [];
  const [all, masks, target, states] = await Promise.all(
    ['parents', 'masks', 'target', 'states'].map((file) => valuesOf('evolver', `trajectory-${file}.safetensors`)),
  );
  const parents: Values[] = [];
  for (let number = 1; part(all as Values, `i${number}.`).size > 0; number++) {
    parents.push(part(all as Values, `i${number}.`));
  }
  const drawMask = maskOf(({ step, tensor }) =>
    masks?.get(`${name}.g${step.generation}.i${step.individual + 1}.${tensor}`),
  );
  const population = (genealogy: Genealogy): Values[] => replay(genealogy, { parents, tensors, drawMask });
  const mean = (values: readonly Values[]): Values =>
    new Map(
      tensors.map((tensor) => [
        tensor,
        (values[0]?.get(tensor) ?? new Float64Array()).map(
          (_, i) => values.reduce((sum, one) => sum + (one.get(tensor)?.[i] ?? Number.NaN), 0) / values.length,
        ),
      ]),
    );
  const candidate = (genealogy: Genealogy): Values => {
    const made = population(genealogy);
    return genealogy.individual === undefined ? mean(made) : (made[genealogy.individual] as Values);
  };
  const score = (values: Values): number => {
    let [squares, count] = [0, 0];
    for (const tensor of tensors) {
      for (const [i, wanted] of (target?.get(tensor) ?? new Float64Array()).entries()) {
        squares += ((values.get(tensor)?.[i] ?? Number.NaN) - wanted) ** 2;
        count++;
      }
    }
    return Math.round(-100 * Math.sqrt(squares / count) * 1e5) / 1e5;
  };

  const merged = run.with_merger !== null;
  let checkpoint: string | undefined;
  const result = await evolve({
    models: parents.map((_, index) => `i${index + 1}`),
    merged,
    settings: { mode: run.form, scale: run.F, crossover: run.Cr, generations: run.generations },
    draws: drawsOf(run),
    judge: async (genealogy, { bar }) => {
      const reached = score(candidate(genealogy));
      const accepted = bar === undefined || reached > bar;
      return { accepted, score: reached, datasets: { target: reached }, examples: 1, total: 1 };
    },
    store: {
      load: async () => checkpoint,
      save: async (text) => {
        checkpoint = text;
      },
    },
    identity: name,
    environment: ENVIRONMENT,
  });

  const initial = [run.initial_scores].flat();
  expect(result.initial).toHaveLength(initial.length);
  for (const [i, { verdict }] of result.initial.entries()) {
    expect(Math.abs((verdict.score ?? Number.NaN) - (initial[i] as number))).toBeLessThanOrEqual(SCORE_TOLERANCE);
  }
  expect(result.candidates.map(({ accepted }) => accepted)).toEqual(run.steps.map(({ accepted }) => accepted));
  for (const [i, { verdict }] of result.candidates.entries()) {
    expect(Math.abs((verdict.score ?? Number.NaN) - (run.steps[i]?.score ?? 0))).toBeLessThanOrEqual(SCORE_TOLERANCE);
  }
  expect(Math.abs(result.best.score - Math.max(...[run.final_scores].flat()))).toBeLessThanOrEqual(SCORE_TOLERANCE);

  const { individual: _, ...whole } = result.genealogy;
  for (const [index, values] of population(whole).entries()) {
    const expected = part(states as Values, `${name}.g${run.generations - 1}.i${index + 1}.`);
    expect(largestDifference(values, expected, tensors), `individual ${index + 1}`).toBeLessThanOrEqual(
      STATE_TOLERANCE,
    );
  }
  const answer = part(states as Values, `${name}.result.`);
  expect(largestDifference(candidate(result.genealogy), answer, tensors)).toBeLessThanOrEqual(STATE_TOLERANCE);
});
