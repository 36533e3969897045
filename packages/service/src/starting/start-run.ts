import { randomUUID } from 'node:crypto';
import { UsageError } from '@hubfuse/plugin';
import type { Recipe } from '@hubfuse/recipe';
import { readRun } from '@hubfuse/runs';
import type { Key } from '../keys/key.ts';
import type { StoredRecipe } from '../recipes/stored-recipe.ts';
import type { Services } from '../services.ts';
import { beginRun } from './begin-run.ts';

/** What a caller asks for. */
export interface StartRequest {
  /** The text of a recipe in YAML or JSON, or the name of a stored one. */
  recipe: { text: string; file?: string | undefined } | { name: string };
  /** Who asks. Absent where no key is needed. */
  key?: Key | undefined;
  /** Put in the place of the recipe's seed. */
  seed?: number | undefined;
  /** Most bytes of one safetensors file. */
  shardSize?: number | undefined;
  /** Repeating a request under the same text finds its run instead of making another. */
  idempotencyKey?: string | undefined;
  /** A Hub token of the caller's: encrypted while the run lives, handed to its worker alone, wiped at its end. */
  token?: string | undefined;
}

/** A run that was asked for. */
export interface StartedRun {
  id: string;
  /** False where an earlier request with the same idempotency key had made it. */
  created: boolean;
}

const LONGEST_IDEMPOTENCY_KEY = 255;

/**
 * Makes a run for a caller; a dispatcher executes it.
 * @throws RecipeError; UsageError `service/unknown-recipe`, `service/namespace`, `service/private-repo`,
 * `service/bad-token`, `service/idempotency-key` where its key came with another request; ResourceError
 * `service/runs-per-day`, `service/usd-per-month`
 */
export async function startRun(services: Services, request: StartRequest): Promise<StartedRun> {
  const { key, seed, shardSize, idempotencyKey, token } = request;
  const { recipe, stored } = await recipeOf(services, request);
  if (idempotencyKey !== undefined) checkIdempotencyKey(idempotencyKey);
  const once = idempotencyKey === undefined ? `http ${randomUUID()}` : `http ${key?.id ?? ''} ${idempotencyKey}`;
  const options = { ...(seed === undefined ? {} : { seed }), ...(shardSize === undefined ? {} : { shardSize }) };
  const started = await beginRun(services, {
    ...{ recipe, once, key, token, options },
    origin: {
      trigger: 'http',
      ...(key === undefined ? {} : { key: key.id }),
      ...(stored === undefined ? {} : { recipe: { name: stored.name, etag: stored.etag } }),
      ancestry: [],
    },
  });
  if (!started.created) await requireSameRequest(services, started.id, { recipe, options });
  return started;
}

async function recipeOf(
  { recipes }: Services,
  { recipe }: StartRequest,
): Promise<{ recipe: Recipe; stored?: StoredRecipe }> {
  if ('text' in recipe) return { recipe: recipes.parse(recipe.text, recipe.file) };
  const stored = await recipes.require(recipe.name);
  return { recipe: recipes.parseStored(stored).recipe, stored };
}

function checkIdempotencyKey(text: string): void {
  if (/^[\x21-\x7e]+$/.test(text) && text.length <= LONGEST_IDEMPOTENCY_KEY) return;
  throw new UsageError({
    code: 'service/idempotency-key',
    message: `an idempotency key has 1 to ${LONGEST_IDEMPOTENCY_KEY} printable characters of ASCII`,
    hint: 'use a fresh UUID for every request that is not a repetition',
  });
}

async function requireSameRequest(
  { store }: Services,
  runId: string,
  { recipe, options }: { recipe: Recipe; options: { seed?: number; shardSize?: number } },
): Promise<void> {
  const { spec } = await readRun({ store, runId });
  const same =
    spec.recipe.source.text === recipe.source.text &&
    spec.options.seed === options.seed &&
    spec.options.shardSize === options.shardSize;
  if (same) return;
  throw new UsageError({
    code: 'service/idempotency-key',
    message: `the idempotency key came before, with another request: it made the run ${runId}`,
    hint: 'use a fresh key for every request that is not a repetition',
  });
}
