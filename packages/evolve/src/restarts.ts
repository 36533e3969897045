import { CmaEs } from './cma-es.ts';
import type { CoefficientSettings } from './coefficient-types.ts';
import { numberStream } from './number-stream.ts';

export interface RestartOptions {
  settings: { seed: number; sigma: number; restarts: NonNullable<CoefficientSettings['restarts']> };
  /** Candidates of a generation of the first search. */
  population: number;
  /** Where the first search starts, in the unit cube. */
  start: readonly number[];
}

/**
 * One CMA-ES after another. `ipop` doubles the population with every restart (Auger and Hansen 2005); `bipop` spends as much on
 * small populations with small first steps as on growing ones (Hansen 2009). Later searches start at random places.
 */
export class Restarts {
  readonly #options: RestartOptions;
  #large = 0;
  #searches = 0;
  /** Candidates that went to small and to large populations after the first search. */
  #spent = { small: 0, large: 0 };

  constructor(options: RestartOptions) {
    this.#options = options;
  }

  /** The next search; undefined where none shall follow. */
  next(): CmaEs | undefined {
    const { settings, population, start } = this.#options;
    const { seed, sigma, restarts } = settings;
    const part = this.#searches++;
    const { uniform, normal } = numberStream(seed, part);
    if (part === 0) return new CmaEs({ mean: start, sigma, population, normal });
    if (restarts === 'none') return undefined;
    const mean = start.map(uniform);
    if (restarts === 'bipop' && part > 1 && this.#spent.small < this.#spent.large) {
      const largest = population * 2 ** this.#large;
      const share = uniform() ** 2;
      const small = Math.max(2, Math.floor(population * (largest / (2 * population)) ** share));
      return this.#counted(
        'small',
        new CmaEs({ mean, sigma: sigma * 10 ** (-2 * uniform()), population: small, normal }),
      );
    }
    this.#large++;
    return this.#counted('large', new CmaEs({ mean, sigma, population: population * 2 ** this.#large, normal }));
  }

  /** Says that a generation of the present search is done. */
  spend(candidates: number): void {
    if (this.#kind !== undefined) this.#spent[this.#kind] += candidates;
  }

  #kind: 'small' | 'large' | undefined;

  #counted(kind: 'small' | 'large', search: CmaEs): CmaEs {
    this.#kind = kind;
    return search;
  }
}
