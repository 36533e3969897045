import { createHash, randomUUID } from 'node:crypto';
import { HUBFUSE_VERSION } from '@hubfuse/hub';
import { getJson, toJson, toSegment } from '@hubfuse/objects';
import { type ObjectStore, RunError } from '@hubfuse/plugin';
import type { Recipe } from '@hubfuse/recipe';
import { runKeys } from './keys.ts';
import type { RunOptions, RunSpec, RunState } from './run.ts';

const MOST_REPETITIONS = 100_000;

export interface CreatedRun {
  id: string;
  /** True where an unfinished run of the same recipe and options stands in the store and goes on. */
  resumed: boolean;
}

/**
 * Makes a run, or finds the unfinished one of the same recipe text and options: repeating a command continues what it
 * began. After a run is done the same request is a new run, whose id has a number behind it.
 */
export async function createRun(options: {
  store: ObjectStore;
  recipe: Recipe;
  options?: RunOptions;
  /** Start over even where an unfinished run stands. Default false. */
  fresh?: boolean;
}): Promise<CreatedRun> {
  const { store, recipe, fresh = false } = options;
  const settings = { workingDirectory: process.cwd(), ...options.options };
  const name = recipe.name ?? nameOf(recipe);
  const family = `${toSegment(name)}-${digest(recipe.source.text, settings)}`;
  for (let number = 1; number <= MOST_REPETITIONS; number++) {
    const id = number === 1 ? family : `${family}-${number}`;
    const keys = runKeys(id);
    const state = await getJson<RunState>(store, keys.state);
    if (state !== undefined && (fresh || state.value.status === 'done')) continue;
    if (state !== undefined) return { id, resumed: true };
    const createdAt = new Date().toISOString();
    const spec: RunSpec = { id, name, recipe, options: settings, createdAt, hubfuse: HUBFUSE_VERSION };
    const created = (await store.create(keys.spec, toJson(spec))) !== undefined;
    // The state is made after the spec, so a kill between the two leaves a spec whose state is made here. Where another
    // process makes it at this moment, the run is taken from it as from any other.
    const stated = (await store.create(keys.state, toJson(firstState(id)))) !== undefined;
    return { id, resumed: !created || !stated };
  }
  throw new RunError({
    code: 'run/too-many',
    message: `the store holds ${MOST_REPETITIONS} runs of "${name}"`,
    hint: 'give the recipe another name, or use another store',
  });
}

function firstState(id: string): RunState {
  return {
    id,
    status: 'created',
    phases: [{ name: 'resolve', status: 'waiting' }],
    attempts: 0,
    artefacts: [],
    updatedAt: new Date().toISOString(),
    nonce: randomUUID(),
  };
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

function digest(text: string, options: RunOptions): string {
  const sorted = Object.entries(options)
    .filter(([, value]) => value !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha256')
    .update(JSON.stringify([text, sorted]))
    .digest('hex')
    .slice(0, 10);
}
