import { symmetricEigen } from './eigen.ts';

export interface CmaEsOptions {
  /** Where the distribution is centred first. */
  mean: readonly number[];
  /** First standard deviation in every direction. */
  sigma: number;
  /** Candidates of a generation, at least 2. */
  population: number;
  /** Standard normal numbers. */
  normal: () => number;
}

/** Below this spread in every direction a search stands still. */
const LEAST_SPREAD = 1e-4;
/** Above this condition the arithmetic is not to be trusted. */
const MOST_CONDITION = 1e14;

/**
 * (mu/mu_w, lambda)-CMA-ES after Hansen, The CMA Evolution Strategy: A Tutorial, arXiv 1604.00772, with its default constants and
 * positive recombination weights. It maximises over the unit cube: a coordinate outside is mirrored at the wall.
 */
export class CmaEs {
  readonly population: number;
  /** Candidates of a generation that move the distribution. */
  readonly parents: number;
  readonly #constants: Constants;
  readonly #normal: () => number;
  #mean: number[];
  #sigma: number;
  #covariance: number[][];
  #path: number[];
  #sigmaPath: number[];
  #axes: { lengths: number[]; vectors: readonly (readonly number[])[] };
  #generation = 0;
  /** Best scores of the last generations. */
  #best: number[] = [];

  constructor({ mean, sigma, population, normal }: CmaEsOptions) {
    const n = mean.length;
    this.population = population;
    this.#constants = constantsOf(n, population);
    this.parents = this.#constants.weights.length;
    this.#normal = normal;
    this.#mean = [...mean];
    this.#sigma = sigma;
    this.#covariance = identity(n);
    this.#path = new Array<number>(n).fill(0);
    this.#sigmaPath = new Array<number>(n).fill(0);
    this.#axes = { lengths: new Array<number>(n).fill(1), vectors: identity(n) };
  }

  /** Draws a point. */
  ask(): number[] {
    const { lengths, vectors } = this.#axes;
    const stretched = lengths.map((length) => length * this.#normal());
    return this.#mean.map((centre, row) => mirrored(centre + this.#sigma * dot(vectors[row] ?? [], stretched)));
  }

  /** Moves the distribution. @param ranked the points of a generation, the best first; only the first `parents` count */
  tell(ranked: readonly (readonly number[])[], best: number): void {
    const { weights, mueff, cc, cs, c1, cmu, damps, chi } = this.#constants;
    const n = this.#mean.length;
    const before = this.#mean;
    const chosen = ranked.slice(0, weights.length);
    this.#mean = before.map((_, row) => sum(chosen.map((point, rank) => (weights[rank] ?? 0) * (point[row] ?? 0))));
    const step = this.#mean.map((value, row) => (value - (before[row] ?? 0)) / this.#sigma);
    const whitened = this.#whiten(step);
    this.#sigmaPath = this.#sigmaPath.map((value, row) => {
      return (1 - cs) * value + Math.sqrt(cs * (2 - cs) * mueff) * (whitened[row] ?? 0);
    });
    this.#generation++;
    const length = norm(this.#sigmaPath);
    const expected = Math.sqrt(1 - (1 - cs) ** (2 * this.#generation)) * (1.4 + 2 / (n + 1)) * chi;
    const isShort = length < expected ? 1 : 0;
    this.#path = this.#path.map((value, row) => {
      return (1 - cc) * value + isShort * Math.sqrt(cc * (2 - cc) * mueff) * (step[row] ?? 0);
    });
    const steps = chosen.map((point) => point.map((value, row) => (value - (before[row] ?? 0)) / this.#sigma));
    const kept = 1 - c1 - cmu + (1 - isShort) * c1 * cc * (2 - cc);
    this.#covariance = this.#covariance.map((values, row) =>
      values.map((value, column) => {
        const one = (this.#path[row] ?? 0) * (this.#path[column] ?? 0);
        const many = sum(steps.map((y, rank) => (weights[rank] ?? 0) * (y[row] ?? 0) * (y[column] ?? 0)));
        return kept * value + c1 * one + cmu * many;
      }),
    );
    this.#sigma *= Math.exp((cs / damps) * (length / chi - 1));
    const { values, vectors } = symmetricEigen(this.#covariance);
    this.#axes = { lengths: values.map((value) => Math.sqrt(Math.max(value, 0))), vectors };
    this.#best = [...this.#best, best].slice(-this.#patience);
  }

  /** Whether there is nothing left to find: the spread is tiny, the best stands still, or the arithmetic gives out. */
  get converged(): boolean {
    const { lengths } = this.#axes;
    const longest = Math.max(...lengths);
    const spread = this.#sigma * longest;
    const isFlat = this.#best.length === this.#patience && this.#best.every((score) => score === this.#best[0]);
    return (
      spread < LEAST_SPREAD ||
      isFlat ||
      !Number.isFinite(spread) ||
      longest ** 2 > MOST_CONDITION * Math.min(...lengths) ** 2
    );
  }

  /** Generations without any change of the best after which it stands still. */
  get #patience(): number {
    return 10 + Math.ceil((30 * this.#mean.length) / this.population);
  }

  /** C^(-1/2) x */
  #whiten(vector: readonly number[]): number[] {
    const { lengths, vectors } = this.#axes;
    const along = lengths.map((length, axis) => {
      return sum(vector.map((value, row) => (vectors[row]?.[axis] ?? 0) * value)) / (length || Number.MIN_VALUE);
    });
    return vector.map((_, row) => dot(vectors[row] ?? [], along));
  }
}

interface Constants {
  weights: number[];
  mueff: number;
  cc: number;
  cs: number;
  c1: number;
  cmu: number;
  damps: number;
  chi: number;
}

/** Table 1 of the tutorial. */
function constantsOf(n: number, population: number): Constants {
  const parents = Math.max(1, Math.floor(population / 2));
  const raw = Array.from({ length: parents }, (_, rank) => Math.log((population + 1) / 2) - Math.log(rank + 1));
  const weights = raw.map((weight) => weight / sum(raw));
  const mueff = 1 / sum(weights.map((weight) => weight * weight));
  const cs = (mueff + 2) / (n + mueff + 5);
  const c1 = 2 / ((n + 1.3) ** 2 + mueff);
  return {
    weights,
    mueff,
    cs,
    c1,
    cc: (4 + mueff / n) / (n + 4 + (2 * mueff) / n),
    cmu: Math.min(1 - c1, (2 * (mueff - 2 + 1 / mueff)) / ((n + 2) ** 2 + mueff)),
    damps: 1 + 2 * Math.max(0, Math.sqrt((mueff - 1) / (n + 1)) - 1) + cs,
    chi: Math.sqrt(n) * (1 - 1 / (4 * n) + 1 / (21 * n * n)),
  };
}

/** Folds a coordinate back into [0, 1], as often as it takes. */
function mirrored(value: number): number {
  const period = Math.abs(value) % 2;
  return period > 1 ? 2 - period : period;
}

function identity(n: number): number[][] {
  return Array.from({ length: n }, (_, row) => Array.from({ length: n }, (_, column) => Number(row === column)));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function dot(a: readonly number[], b: readonly number[]): number {
  return sum(a.map((value, index) => value * (b[index] ?? 0)));
}

function norm(values: readonly number[]): number {
  return Math.sqrt(dot(values, values));
}
