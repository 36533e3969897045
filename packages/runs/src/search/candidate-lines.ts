import type { CandidateRecord, InitialRecord, SearchState } from '@hubfuse/evolve';

/** What candidates are called by. */
export interface CandidateNames {
  /** Names of the models, in the order of the individuals. */
  models: readonly string[];
  /** Names of the coefficients, in the order of a point's values. */
  coefficients: readonly string[];
}

/** Every candidate of a search with its descent, scores, examples and time: one JSON object for each, the starting ones first. */
export function candidateLines(state: SearchState, names: CandidateNames): string {
  const lines = [...state.initial.map(initialLine), ...state.candidates.map((record) => candidateLine(record, names))];
  return lines.map((line) => `${JSON.stringify(line)}\n`).join('');
}

function initialLine({ name, verdict, seconds }: InitialRecord): object {
  return { initial: name, ...verdict, seconds };
}

function candidateLine(record: CandidateRecord, { models, coefficients }: CandidateNames): object {
  const { number, generation, step, point, bar, verdict, accepted, seconds } = record;
  return {
    candidate: number,
    generation,
    ...(step === undefined
      ? {}
      : { parent: models[step.individual], references: step.references.map((index) => models[index]) }),
    ...(point === undefined
      ? {}
      : { coefficients: Object.fromEntries(point.map((value, index) => [coefficients[index] ?? index, value])) }),
    ...(bar === undefined ? {} : { bar }),
    ...verdict,
    accepted,
    seconds,
  };
}
