import { randomUUID } from 'node:crypto';
import { getJson, listAll, toJson } from '@hubfuse/objects';
import { type ObjectStore, type Registry, UsageError } from '@hubfuse/plugin';
import { type Recipe, recipeError } from '@hubfuse/recipe';
import type { Key } from '../keys/key.ts';
import { checkPublishing } from '../starting/check-publishing.ts';
import { checkS3Target } from '../starting/check-s3-target.ts';
import { serviceKeys } from '../store/keys-of-store.ts';
import { describeCycle, findCycle, type NamedRecipe } from './find-cycle.ts';
import { parseServedRecipe } from './parse-served-recipe.ts';
import { RecipeNotes } from './recipe-notes.ts';
import { recipeUses } from './recipe-uses.ts';
import type { ParsedRecipe, StoredRecipe } from './stored-recipe.ts';

const NAME = /^[a-z0-9](?:[a-z0-9._-]{0,61}[a-z0-9])?$/;
const AT_ONCE = 16;
/** Recipes that are kept as they were read. */
const MOST_PARSED = 1_000;

/** What a caller knows of what stands there: an etag, `*` for whatever it is, `none` for nothing. */
export type Precondition = { ifMatch: string } | { ifNoneMatch: '*' };

/** A recipe to store. */
export interface PutRecipe {
  /** Lower-case letters, digits and `._-`, 63 at most. */
  name: string;
  text: string;
  /** Whose namespaces and limits hold for its runs; absent where no key is needed. */
  key?: Key | undefined;
  /** Absent: whatever stands there is replaced. */
  condition?: Precondition | undefined;
}

/** Recipes that run by themselves. */
export class StoredRecipes {
  readonly notes: RecipeNotes;
  readonly #store: ObjectStore;
  readonly #registry: Registry;
  readonly #hubUrl: string | undefined;
  readonly #s3: readonly string[] | undefined;
  readonly #now: () => number;
  readonly #parsed = new Map<string, Recipe>();

  constructor(options: {
    store: ObjectStore;
    registry: Registry;
    hubUrl?: string | undefined;
    /** Addresses in S3 that recipes may publish below. Default: all but the store's own. */
    s3?: readonly string[] | undefined;
    now?: (() => number) | undefined;
  }) {
    this.#store = options.store;
    this.#registry = options.registry;
    this.#hubUrl = options.hubUrl;
    this.#s3 = options.s3;
    this.#now = options.now ?? Date.now;
    this.notes = new RecipeNotes(options.store);
  }

  /**
   * Stores a recipe, which from then on runs by itself. Notes on an earlier version are gone with it.
   * @throws UsageError `service/bad-name`, `service/etag-mismatch`; RecipeError where it cannot be served, `recipe/cycle`
   * where its result would start it again; `service/namespace` and
   * `service/s3-target` where it may not publish there
   */
  async put({ name, text, key, condition }: PutRecipe): Promise<{ recipe: StoredRecipe; created: boolean }> {
    checkName(name);
    const recipe = this.parse(text, `${name}.yaml`);
    checkPublishing(recipe, key);
    checkS3Target(recipe, { store: this.#store, s3: this.#s3 });
    const path = serviceKeys.recipe(name);
    const found = await getJson<StoredRecipe>(this.#store, path);
    requireCondition(name, condition, found?.value.etag);
    await this.#refuseCycle({ name, recipe });
    // Hints come first: a recipe that stands without them would miss its pushes.
    await this.#writeHints(name, recipe);
    const now = new Date(this.#now()).toISOString();
    const value: StoredRecipe = {
      ...{ name, text },
      ...(key === undefined ? {} : { key: key.id }),
      createdAt: found?.value.createdAt ?? now,
      updatedAt: now,
      // Of our own making, so that it is the same word whatever the store.
      etag: randomUUID(),
    };
    const written = await this.#write(path, value, condition === undefined ? undefined : (found?.etag ?? 'none'));
    if (!written) throw lostUpdate(name);
    await this.notes.clear(name);
    await this.#noteCycle({ name, recipe });
    return { recipe: value, created: found === undefined };
  }

  async get(name: string): Promise<StoredRecipe | undefined> {
    if (!isName(name)) return undefined;
    return (await getJson<StoredRecipe>(this.#store, serviceKeys.recipe(name)))?.value;
  }

  /** @throws UsageError `service/unknown-recipe` */
  async require(name: string): Promise<StoredRecipe> {
    const found = await this.get(name);
    if (found !== undefined) return found;
    throw unknownRecipe(name);
  }

  /** All stored recipes by name; a page of them where it is asked for. */
  async list(page: { after?: string; limit?: number } = {}): Promise<StoredRecipe[]> {
    const names: string[] = [];
    for await (const key of listAll(this.#store, serviceKeys.recipes)) {
      names.push(key.slice(serviceKeys.recipes.length, -'.json'.length));
    }
    const { after = '', limit = Number.POSITIVE_INFINITY } = page;
    const wanted = names
      .sort()
      .filter((name) => name > after)
      .slice(0, limit);
    const found: (StoredRecipe | undefined)[] = [];
    for (let start = 0; start < wanted.length; start += AT_ONCE) {
      found.push(...(await Promise.all(wanted.slice(start, start + AT_ONCE).map((name) => this.get(name)))));
    }
    return found.filter((recipe) => recipe !== undefined);
  }

  /**
   * Ends a subscription. Runs under way go on.
   * @throws UsageError `service/unknown-recipe`, `service/etag-mismatch`
   */
  async delete(name: string, condition?: { ifMatch: string }): Promise<void> {
    const found = await this.require(name);
    requireCondition(name, condition, found.etag);
    await this.#store.delete(serviceKeys.recipe(name));
    await this.notes.clear(name);
  }

  /** Reads a text as a recipe that a service may execute. @throws RecipeError */
  parse(text: string, file?: string): Recipe {
    return parseServedRecipe(text, { registry: this.#registry, hubUrl: this.#hubUrl, file });
  }

  /** A stored recipe with its text read. @throws RecipeError where this version of hubfuse cannot read it any more */
  parseStored(stored: StoredRecipe): ParsedRecipe {
    const known = this.#parsed.get(stored.etag);
    // An etag names one version of one recipe.
    if (known !== undefined) return { ...stored, recipe: known };
    const recipe = this.parse(stored.text, `${stored.name}.yaml`);
    if (this.#parsed.size >= MOST_PARSED) this.#parsed.clear();
    this.#parsed.set(stored.etag, recipe);
    return { ...stored, recipe };
  }

  /**
   * Stored recipes that have to do with a repository, `uses` it or publish to it, read from hints: whoever asks looks
   * into each. Those that cannot be read any more are left out.
   */
  async about(type: 'model' | 'dataset', repo: string): Promise<ParsedRecipe[]> {
    const recipes: ParsedRecipe[] = [];
    for await (const key of listAll(this.#store, serviceKeys.uses(type, repo.toLowerCase()))) {
      const stored = await this.get(key.slice(key.lastIndexOf('/') + 1, -'.json'.length));
      const parsed = stored && this.tryParse(stored);
      if (parsed !== undefined) recipes.push(parsed);
    }
    return recipes;
  }

  /** Every stored recipe that can be read. */
  async all(): Promise<ParsedRecipe[]> {
    return (await this.list()).map((stored) => this.tryParse(stored)).filter((parsed) => parsed !== undefined);
  }

  /** A stored recipe with its text read, or undefined where that cannot be done any more. */
  tryParse(stored: StoredRecipe): ParsedRecipe | undefined {
    try {
      return this.parseStored(stored);
    } catch {
      // A plugin's method that is gone, say: whoever reads or starts the recipe is told why.
      return undefined;
    }
  }

  /** @returns whether what was there, by the store's etag, was still there */
  async #write(path: string, value: StoredRecipe, etag: string | undefined): Promise<boolean> {
    const body = toJson(value);
    if (etag === undefined) return (await this.#store.put(path, body)) !== '';
    const written =
      etag === 'none' ? await this.#store.create(path, body) : await this.#store.replace(path, body, etag);
    if (written !== undefined) return true;
    // A store behind a network may have carried out a write whose answer was lost and refuse its repetition.
    return (await getJson<StoredRecipe>(this.#store, path))?.value.etag === value.etag;
  }

  async #refuseCycle(candidate: NamedRecipe): Promise<void> {
    const cycle = findCycle(candidate, await this.all());
    if (cycle === undefined) return;
    throw recipeError({
      recipe: candidate.recipe,
      path: 'publish.hub',
      code: 'recipe/cycle',
      message: `the recipe would start itself: ${describeCycle(cycle)}`,
      hint: 'name the model by a commit (<id>@<commit>), publish elsewhere, or set `trigger: {refs: []}` and a schedule',
    });
  }

  /** Two recipes that were stored at the same moment may form a cycle that neither saw. Ancestry breaks it. */
  async #noteCycle(candidate: NamedRecipe): Promise<void> {
    const cycle = findCycle(candidate, await this.all());
    if (cycle === undefined) return;
    await this.notes.add(candidate.name, {
      code: 'trigger/cycle',
      message: `the recipe would start itself: ${describeCycle(cycle)}; such runs are not made`,
      hint: 'name the model by a commit, or publish elsewhere',
      at: new Date(this.#now()).toISOString(),
    });
  }

  async #writeHints(name: string, recipe: Recipe): Promise<void> {
    const target = recipe.publish?.hub?.repo;
    const hints = new Set(recipeUses(recipe).map(({ type, repo }) => serviceKeys.use(type, repo.toLowerCase(), name)));
    if (target !== undefined) hints.add(serviceKeys.use('model', target.toLowerCase(), name));
    const body = toJson({ recipe: name });
    // Hints are never removed: one too many costs a look, one too few a push.
    await Promise.all([...hints].map((hint) => this.#store.create(hint, body)));
  }
}

/** Whether a name can stand in a key of any store. */
function isName(name: string): boolean {
  return NAME.test(name) && !/^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)|\.\./.test(name);
}

/** @throws UsageError `service/bad-name` */
function checkName(name: string): void {
  if (isName(name)) return;
  throw new UsageError({
    code: 'service/bad-name',
    message: `${JSON.stringify(name.slice(0, 80))} is no name for a stored recipe`,
    hint: 'a name has 1 to 63 of a-z 0-9 . _ - and begins and ends with a letter or digit',
  });
}

function requireCondition(name: string, condition: Precondition | undefined, etag: string | undefined): void {
  if (condition === undefined) return;
  if ('ifNoneMatch' in condition) {
    if (etag !== undefined) throw lostUpdate(name);
  } else if (etag === undefined || (condition.ifMatch !== '*' && condition.ifMatch !== etag)) {
    throw lostUpdate(name);
  }
}

function lostUpdate(name: string): UsageError {
  return new UsageError({
    code: 'service/etag-mismatch',
    message: `the stored recipe "${name}" is not what it was when it was read`,
    hint: 'read it again, make the change there, and store it with its new etag',
  });
}

export function unknownRecipe(name: string): UsageError {
  return new UsageError({
    code: 'service/unknown-recipe',
    message: `there is no stored recipe ${JSON.stringify(name.slice(0, 80))}`,
    hint: 'list the stored recipes to see their names',
  });
}
