import type { CandidateRecord, SearchState } from '@hubfuse/evolve';
import type { SearchReportContent } from '../src/search/report/render-report.ts';

const ENVIRONMENT = { provider: 'cpu', processor: 'Some CPU <4.2 GHz>', platform: 'linux-x64', onnxruntime: '1.30.0' };
const TOTAL = 3000;

/** Numbers in [0, 1) that are the same each time. */
function draws(): () => number {
  let state = 7;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** A made-up evolution of four models over so many generations. */
export function evolutionContent(options: { generations: number; alone: boolean }): SearchReportContent {
  const models = ['zoo/money', 'zoo/home', 'zoo/travel', 'zoo/<office> & "more"'];
  const draw = draws();
  let bar = 0.7512;
  const candidates = Array.from({ length: options.generations * models.length }, (_, number): CandidateRecord => {
    const individual = number % models.length;
    const accepted = draw() < 0.3 / (1 + number / 20);
    const full = accepted || draw() < 0.2;
    const score = accepted ? bar + 0.012 * draw() : bar - 0.02 * draw();
    const record: CandidateRecord = {
      number,
      generation: Math.floor(number / models.length),
      step: {
        generation: Math.floor(number / models.length),
        individual,
        references: [(individual + 1) % 4, (individual + 2) % 4],
      },
      bar,
      verdict: {
        accepted,
        ...(full ? { score, datasets: { money: score, home: score } } : { bound: bar }),
        examples: full ? TOTAL : Math.round(TOTAL * (0.3 + 0.5 * draw())),
        total: TOTAL,
      },
      accepted,
      seconds: 0.9,
    };
    if (accepted) bar = score;
    return record;
  });
  const initial = (options.alone ? models : ['merged']).map((name, index) => ({
    name,
    verdict: { accepted: true, score: index === 0 ? 0.7512 : 0.4, examples: TOTAL, total: TOTAL },
    seconds: 1.4,
  }));
  const all = [...initial, ...candidates];
  const spent = {
    evaluations: all.length,
    examples: all.reduce((sum, { verdict }) => sum + verdict.examples, 0),
    examplesInFull: TOTAL * all.length,
    seconds: 61.2,
  };
  const state: SearchState = {
    ...{ version: 1, kind: 'evolution', identity: 'c0ffee'.repeat(10), environment: ENVIRONMENT },
    ...{ initial, candidates, spent, ended: 'generations' },
  };
  const mean = (value: number) => ({ datasets: { money: value + 0.02, home: value - 0.02 }, mean: value });
  return {
    name: 'support-intents',
    method: 'PCB-Merging',
    alone: options.alone,
    models,
    coefficients: [],
    state,
    summary: {
      ...{ kind: 'evolution', settings: { mode: 'differential', generations: options.generations }, seed: 7 },
      ...{ ended: 'generations', generations: options.generations, candidates: candidates.length },
      accepted: candidates.filter(({ accepted }) => accepted).length,
      start: { name: initial[0]?.name ?? '', score: 0.7512 },
      best: { score: bar, datasets: {} },
      ...(options.alone ? { individual: models[1] ?? '' } : {}),
      ...{ spent, environment: ENVIRONMENT },
    },
    scores: {
      task: 'text-classification',
      metric: 'accuracy',
      datasets: ['money', 'home'].map((name) => ({ name, domain: 'in', examples: { test: 900 } })),
      rows: [
        { name: 'support-intents', role: 'merged', test: mean(bar) },
        ...models.map((name, index) => ({ name, role: 'parent' as const, test: mean(0.2 + index / 10) })),
        { name: 'zoo/base', role: 'base', test: mean(0.6) },
      ],
    },
  };
}

/** A made-up search for coefficients. */
export function coefficientContent(evaluations: number): SearchReportContent {
  const { state, ...evolution } = evolutionContent({ generations: Math.ceil(evaluations / 4), alone: false });
  const draw = draws();
  const candidates = state.candidates.map(({ step: _, ...record }, number) => {
    return { ...record, point: [0.5 + (draw() - 0.5) / (1 + number / 10), 0.1 + 0.1 * draw()] };
  });
  const coefficients = ['lambda, money', 'ratio'];
  const values = candidates.filter(({ accepted }) => accepted).at(-1)?.point ?? [];
  return {
    ...evolution,
    coefficients,
    state: { ...state, kind: 'coefficients', candidates },
    summary: {
      ...evolution.summary,
      kind: 'coefficients',
      coefficients: coefficients.map((name, index) => ({
        name,
        start: index === 0 ? 0.5 : 0.1,
        value: values[index] ?? 0.5,
      })),
    },
  };
}
