import { RecipeError } from '@hubfuse/plugin';
import type { Position } from './recipe.ts';

/** Where a finding is: a path, and the position of what stands there. */
export interface FindingPlace {
  path: string;
  position?: Position | undefined;
}

export interface FindingDetails {
  code: string;
  message: string;
  hint?: string | undefined;
}

/** Mistakes after which reading stops, and characters of one message: a hostile text must not become a huge error. */
const MOST = { findings: 20, characters: 600 };

/**
 * Collects what is wrong with a recipe, so that one reading names everything. What is right but cannot be done yet is
 * kept apart and comes last: a mistake must not hide behind it.
 */
export class Findings {
  /** What is read: the file's name as errors give it. */
  readonly file: string | undefined;
  readonly #generated: boolean;
  readonly #wrong: RecipeError[] = [];
  readonly #notYet: RecipeError[] = [];

  /** @param options.generated the text was made from something else: errors name no lines of it */
  constructor(options: { file?: string | undefined; generated?: boolean | undefined }) {
    this.file = options.file;
    this.#generated = options.generated === true;
  }

  /** Number of mistakes so far. */
  get count(): number {
    return this.#wrong.length;
  }

  add(place: FindingPlace, details: FindingDetails): void {
    this.#wrong.push(this.#error(place, details));
    if (this.#wrong.length >= MOST.findings) this.throwIfAny();
  }

  /** Adds an error of another reader, at the place of what it read. */
  adopt(place: FindingPlace, error: RecipeError): void {
    const list = error.code === 'recipe/not-yet' ? this.#notYet : this.#wrong;
    list.push(this.#error(place, { code: error.code, message: error.summary, hint: error.hint }));
  }

  /** Notes something that hubfuse knows of and does not do yet. */
  notYet(place: FindingPlace, details: Omit<FindingDetails, 'code'> & { code?: string }): void {
    this.#notYet.push(this.#error(place, { code: 'recipe/not-yet', ...details }));
  }

  /**
   * @throws RecipeError with everything that was found, if anything was: mistakes in the order of the text in front.
   */
  throwIfAny(): void {
    const [first, ...others] = [...this.#wrong.sort(byPlace), ...this.#notYet.sort(byPlace)];
    if (first === undefined) return;
    const { code, summary, hint, place } = first;
    throw new RecipeError({ code, message: summary, hint, place, others });
  }

  #error({ path, position }: FindingPlace, details: FindingDetails): RecipeError {
    const [line, column] = this.#generated ? [] : (position ?? []);
    const message = cut(details.message);
    return new RecipeError({ ...details, message, place: { file: this.file, path: cut(path), line, column } });
  }
}

function byPlace({ place: a }: RecipeError, { place: b }: RecipeError): number {
  return (a?.line ?? 0) - (b?.line ?? 0) || (a?.column ?? 0) - (b?.column ?? 0);
}

function cut(text: string): string {
  return text.length <= MOST.characters ? text : `${text.slice(0, MOST.characters)}...`;
}
