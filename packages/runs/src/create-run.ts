import { createHash } from 'node:crypto';
import { HUBFUSE_VERSION } from '@hubfuse/hub';
import { toJson, toSegment } from '@hubfuse/objects';
import { type ObjectStore, RunError } from '@hubfuse/plugin';
import { type Recipe, type RunLimits, stricterLimits } from '@hubfuse/recipe';
import { firstState } from './first-state.ts';
import { SPEC_FORMAT, STATE_FORMAT } from './formats.ts';
import { runKeys } from './keys.ts';
import { readStoredState } from './read-stored.ts';
import { removeRun } from './remove-run.ts';
import type { RunOptions, RunSpec, RunState } from './run.ts';
import { choosePage } from './run-index/index-pages.ts';
import { markActive, markerOf, writeEntry } from './run-index/note-change.ts';
import { COMMAND_ORIGIN, type RunOrigin } from './run-origin.ts';
import { startsOver } from './starts-over.ts';
import { changeState } from './state-cell.ts';

const MOST_REPETITIONS = 100_000;

export interface CreatedRun {
  id: string;
  /** True where the run stood in the store already: unfinished, or made under the same `once`. */
  resumed: boolean;
}

export interface RunCreation {
  store: ObjectStore;
  recipe: Recipe;
  options?: RunOptions | undefined;
  /** Who asks for it. Default: a person at the command line. */
  origin?: RunOrigin | undefined;
  /** What it may spend; of these and the recipe's `limits` the stricter ones hold. */
  limits?: RunLimits | undefined;
  /** Start over even where an unfinished run stands. Default false. */
  fresh?: boolean | undefined;
  /**
   * Any text. It alone decides the run's id, and the run that was made under it is returned whatever its state and its
   * recipe: however many callers ask, and however often, they make one run. `fresh` has no say then.
   */
  once?: string | undefined;
}

/**
 * Makes a run, or finds the unfinished one of the same recipe text and options: repeating a command continues what it
 * began. After a run is done, and where its inputs were at fault or have changed, the same request is a new run, whose id
 * has a number behind it. With `once` a request is
 * told from others by that text and by nothing else.
 */
export async function createRun(creation: RunCreation): Promise<CreatedRun> {
  const { store, recipe, fresh = false, once } = creation;
  const settings = { workingDirectory: process.cwd(), ...creation.options };
  const name = recipe.name ?? nameOf(recipe);
  if (once !== undefined) return await createOrFind(creation, { id: runIdOf(once), name, settings });
  const family = `${toSegment(name)}-${digest(recipe, settings)}`;
  for (let number = 1; number <= MOST_REPETITIONS; number++) {
    const id = number === 1 ? family : `${family}-${number}`;
    const state = await standing(store, id);
    if (state !== undefined && (fresh || state.status === 'done' || (await startsOver(store, state)))) continue;
    if (state !== undefined) {
      await forgetCancellation(store, state);
      return { id, resumed: true };
    }
    return await createOrFind(creation, { id, name, settings });
  }
  throw new RunError({
    code: 'run/too-many',
    message: `the store holds ${MOST_REPETITIONS} runs of "${name}"`,
    hint: 'give the recipe another name, or use another store',
  });
}

/** Milliseconds after which a marker may have been taken for one that a killed process left. */
const MARKED_AGAIN_MS = 30_000;

async function createOrFind(
  { store, recipe, origin = COMMAND_ORIGIN, limits = {} }: RunCreation,
  { id, name, settings }: { id: string; name: string; settings: RunOptions },
): Promise<CreatedRun> {
  const keys = runKeys(id);
  if ((await standing(store, id)) !== undefined) return { id, resumed: true };
  const spec: RunSpec = {
    ...{ id, name, recipe, options: settings, origin },
    limits: stricterLimits(recipe.limits ?? {}, limits),
    createdAt: new Date().toISOString(),
    hubfuse: HUBFUSE_VERSION,
  };
  // The marker comes first and the entry last: a kill between them is seen by whoever lists runs, who then ends this.
  const page = await choosePage(store);
  const state = firstState(id, page);
  const begun = performance.now();
  await markActive(store, markerOf(state));
  const created = (await store.create(keys.spec, toJson(spec, SPEC_FORMAT))) !== undefined;
  // The state is made after the spec, so a kill between the two leaves a spec whose state is made here. Whoever made the spec
  // made the run, also where another process was quicker with the state.
  const stated = (await store.create(keys.state, toJson(state, STATE_FORMAT))) !== undefined;
  if (stated) {
    await writeEntry({ store, state, spec: created ? spec : undefined });
    if (performance.now() - begun > MARKED_AGAIN_MS) await markActive(store, markerOf(state));
  }
  return { id, resumed: !created };
}

/** The state of a run that stands; what is left of one that was being deleted goes. */
async function standing(store: ObjectStore, id: string): Promise<RunState | undefined> {
  const state = await readStoredState(store, id);
  if (state?.deleting !== true) return state;
  await removeRun({ store, state });
  return undefined;
}

/** Whoever asks for a run that was cancelled before anybody began it wants it after all. */
async function forgetCancellation(store: ObjectStore, { id, status, cancellation }: RunState): Promise<void> {
  if (status !== 'cancelled' || cancellation?.heard !== false) return;
  await changeState(store, id, ({ cancellation: _, ...state }) => state);
}

/**
 * The id of the run that is made under a `once`. Its digest is twice as long as those of other ids, so that no name makes one
 * of those equal to one of these.
 */
export function runIdOf(once: string): string {
  return `once-${createHash('sha256').update(once).digest('hex').slice(0, 20)}`;
}

/** The word for a merge whose recipe has no name: method and last parts of the models' names. */
function nameOf(recipe: Recipe): string {
  const models = recipe.models.map(({ reference }) =>
    lastPart(reference.kind === 'hub' ? reference.repo : reference.path),
  );
  return [recipe.method, ...models].join('-').slice(0, 60);
}

function lastPart(path: string): string {
  return path.split(/[\\/]/).filter(Boolean).at(-1) ?? path;
}

/** An id may have become a folder's name since: then the same text means other models. */
function digest({ source, base, models }: Recipe, options: RunOptions): string {
  const kinds = [base, ...models].map((entry) => entry?.reference.kind);
  const sorted = Object.entries(options)
    .filter(([, value]) => value !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha256')
    .update(JSON.stringify([source.text, sorted, kinds]))
    .digest('hex')
    .slice(0, 10);
}
