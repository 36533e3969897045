import { getJson, listAll, toJson } from '@hubfuse/objects';
import type { ObjectStore } from '@hubfuse/plugin';
import { serviceKeys, wordOf } from '../store/keys-of-store.ts';
import type { RecipeNote } from './stored-recipe.ts';

const MOST_SHOWN = 50;

/** Notes on stored recipes, apart from them so that a note is no edit. One of a kind about one repository stands once. */
export class RecipeNotes {
  readonly #store: ObjectStore;

  constructor(store: ObjectStore) {
    this.#store = store;
  }

  async add(recipe: string, note: RecipeNote): Promise<void> {
    await this.#store.put(serviceKeys.note(recipe, wordOf(note.code, note.repo ?? '')), toJson(note));
  }

  /** Removes notes that no longer hold: all of a recipe, or those about one repository and of some kinds. */
  async clear(recipe: string, about: { repo?: string; codes?: readonly string[] } = {}): Promise<void> {
    for await (const key of listAll(this.#store, serviceKeys.notes(recipe))) {
      const note = (await getJson<RecipeNote>(this.#store, key))?.value;
      const matches =
        (about.repo === undefined || note?.repo === about.repo) &&
        (about.codes === undefined || (note !== undefined && about.codes.includes(note.code)));
      if (matches) await this.#store.delete(key);
    }
  }

  /** The latest first. */
  async list(recipe: string): Promise<RecipeNote[]> {
    const notes: RecipeNote[] = [];
    for await (const key of listAll(this.#store, serviceKeys.notes(recipe))) {
      const found = await getJson<RecipeNote>(this.#store, key);
      if (found !== undefined) notes.push(found.value);
    }
    return notes.sort((a, b) => (a.at < b.at ? 1 : a.at > b.at ? -1 : 0)).slice(0, MOST_SHOWN);
  }
}
