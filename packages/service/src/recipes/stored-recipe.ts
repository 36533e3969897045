import type { Recipe } from '@hubfuse/recipe';

/** A recipe that runs by itself: a subscription to the repositories that it names. */
export interface StoredRecipe {
  name: string;
  /** As it was put, to the letter. */
  text: string;
  /** Id of the key that put it, whose namespaces and limits hold for its runs. Absent: put where no key is needed. */
  key?: string;
  /** ISO 8601. */
  createdAt: string;
  /** ISO 8601. */
  updatedAt: string;
  /** Changes with every put; guards against lost updates. */
  etag: string;
}

/** A stored recipe as a reader of its text sees it. */
export interface ParsedRecipe extends StoredRecipe {
  recipe: Recipe;
}

/** Something that a person should know about a stored recipe: a parent that is gone, a cycle that was broken. */
export interface RecipeNote {
  /** `<area>/<what>`, such as `parent/deleted`, `trigger/cycle`. */
  code: string;
  message: string;
  hint?: string;
  /** ISO 8601: when it was last found so. */
  at: string;
  /** The repository that it is about. */
  repo?: string;
}
