import { getJson, listAll, toJson } from '@hubfuse/objects';
import { HubfuseError, type ObjectStore, StoreError, UsageError } from '@hubfuse/plugin';
import { type Recipe, type RunLimits, stricterLimits } from '@hubfuse/recipe';
import {
  createRun,
  type RunOptions,
  type RunOrigin,
  type RunRecord,
  type RunState,
  readRun,
  readRunState,
  runIdOf,
} from '@hubfuse/runs';
import type { Key } from '../keys/key.ts';
import type { Services } from '../services.ts';
import { type RunLife, serviceKeys, wordOf } from '../store/keys-of-store.ts';
import { checkPublishing } from './check-publishing.ts';
import { checkS3Target } from './check-s3-target.ts';
import { countRun, type QuotaSubject, uncountRun } from './daily-quota.ts';
import { allotMonth, type MonthBudget, returnToMonth } from './month-budget.ts';
import { privateNamespaces } from './private-namespaces.ts';
import { writeAccess } from './run-access.ts';

/** A discussion or pull request of the Hub. */
export interface DiscussionPlace {
  type: 'model' | 'dataset';
  repo: string;
  number: number;
}

/** A run that is to be made. */
export interface RunToBegin {
  recipe: Recipe;
  origin: RunOrigin;
  /** Whatever is begun under the same text is one run. */
  once: string;
  /** Whose namespaces and limits hold. Absent: nobody's. */
  key?: Key | undefined;
  /** A Hub token of the caller's, for this run alone. */
  token?: string | undefined;
  options?: RunOptions | undefined;
  /** Where what comes of it is told as a comment, beside the notices that are configured. */
  discussion?: DiscussionPlace | undefined;
}

/** Says that the end of a run is to be attended to: notices, the wiping of its token, what waits for it. */
export interface AttendedRun {
  run: string;
  /** Which of its lives. Default 1. */
  generation?: number;
  /** Name of the stored recipe that it is of. */
  recipe?: string;
  discussion?: DiscussionPlace;
  /** ISO 8601. */
  at: string;
}

/** Makes a run, or finds the one that was begun under the same `once`. */
export async function beginRun(services: Services, begin: RunToBegin): Promise<{ id: string; created: boolean }> {
  const { store, secrets } = services;
  const { recipe, origin, once, key, token, discussion } = begin;
  const id = runIdOf(once);
  const life = { run: id, generation: 1 };
  const existing = await findState(store, id);
  if (existing !== undefined) return { id, created: false };
  checkPublishing(recipe, key);
  checkS3Target(recipe, services);
  if (token !== undefined) checkToken(token);
  const namespaces =
    key === undefined || token !== undefined ? [] : await privateNamespaces({ recipe, key, hub: services.hub });
  const counting = { store, subjects: quotaSubjects(begin, services), runId: id, now: services.now() };
  const month = monthBudget(begin, services, id);
  await countRun(counting);
  try {
    const limits = await limitsOf(begin, services, month);
    // All of it stands before the run does: from then on a dispatcher may take it up.
    await attendRun(services, { ...life, recipe: origin.recipe?.name, discussion });
    const access = { namespaces, ownToken: token !== undefined };
    await writeAccess(store, id, key === undefined ? access : { key: key.id, ...access });
    if (token !== undefined) await secrets.keep(life, token);
    const options: RunOptions = { ...begin.options, hubUrl: services.hub.hubUrl };
    const { resumed } = await createRun({ store, recipe, options, origin, limits, once });
    services.wake();
    return { id, created: !resumed };
  } catch (error) {
    if ((await findState(store, id)) === undefined) {
      await Promise.all([
        uncountRun(counting),
        month && returnToMonth(month),
        secrets.wipe(life),
        store.delete(serviceKeys.attendedRun(life)),
      ]);
      await store.delete(serviceKeys.accessOf(id));
    }
    throw error;
  }
}

/** Has the end of a run attended to. */
export async function attendRun(
  { store, now }: Services,
  {
    run,
    generation,
    recipe,
    discussion,
  }: RunLife & {
    recipe?: string | undefined;
    discussion?: DiscussionPlace | undefined;
  },
): Promise<void> {
  const attended: AttendedRun = {
    ...{ run, generation },
    ...(recipe === undefined ? {} : { recipe }),
    ...(discussion === undefined ? {} : { discussion }),
    at: new Date(now()).toISOString(),
  };
  await store.create(serviceKeys.attendedRun({ run, generation }), toJson(attended));
}

/** The life that a run has by its state. */
export function lifeOf({ id, generation = 1 }: Pick<RunState, 'id' | 'generation'>): RunLife {
  return { run: id, generation };
}

/** All that is known of a run, or undefined where there is none. */
export function findRun(store: ObjectStore, runId: string): Promise<RunRecord | undefined> {
  return unlessUnknown(() => readRun({ store, runId }));
}

/** Where a run stands, or undefined where there is none: one small object. */
export function findState(store: ObjectStore, runId: string): Promise<RunState | undefined> {
  return unlessUnknown(() => readRunState({ store, runId }));
}

async function unlessUnknown<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof HubfuseError && error.code === 'run/unknown') return undefined;
    throw error;
  }
}

/** Runs whose end has not been attended to yet. What cannot be read, of a newer hubfuse say, is left to that one. */
export async function* attendedRuns(store: ObjectStore): AsyncGenerator<AttendedRun> {
  for await (const path of listAll(store, serviceKeys.attended)) {
    const found = await getJson<AttendedRun>(store, path).catch((error: unknown) => {
      if (error instanceof StoreError && /^store\/(?:not-json|newer-format)$/.test(error.code)) return undefined;
      throw error;
    });
    if (found !== undefined) yield found.value;
  }
}

function quotaSubjects({ recipe, origin, key }: RunToBegin, { limits }: Services): QuotaSubject[] {
  const subjects: QuotaSubject[] = [];
  if (key?.runsPerDay !== undefined) {
    subjects.push({ id: `key:${key.id}`, name: `the key "${key.name}"`, perDay: key.runsPerDay });
  }
  const perDay = Math.min(...[recipe.limits?.runsPerDay, limits.runsPerDay].filter((limit) => limit !== undefined));
  if (Number.isFinite(perDay)) {
    subjects.push({ ...recipeSubject({ recipe, origin }), perDay });
  }
  return subjects;
}

/** What the runs of a recipe are counted by. One that is not stored is known by its text. */
function recipeSubject({ recipe, origin }: Pick<RunToBegin, 'recipe' | 'origin'>): { id: string; name: string } {
  const stored = origin.recipe?.name;
  if (stored === undefined) return { id: `text:${wordOf(recipe.source.text)}`, name: 'this recipe' };
  return { id: `recipe:${stored}`, name: `the recipe "${stored}"` };
}

/** The dollars of the month that a run shares with the others of its recipe; undefined where they are not limited. */
function monthBudget(
  begin: RunToBegin,
  { store, limits, priced, now }: Services,
  runId: string,
): MonthBudget | undefined {
  const { usdPerMonth } = stricterLimits(begin.recipe.limits ?? {}, limits);
  if (usdPerMonth === undefined || !priced) return undefined;
  const { id: subject, name } = recipeSubject(begin);
  return { store, subject, name, usdPerMonth, runId, now: now() };
}

/** What a run may spend: with what its recipe's month has left over. */
async function limitsOf(
  { recipe }: RunToBegin,
  { limits }: Services,
  month: MonthBudget | undefined,
): Promise<RunLimits> {
  if (month === undefined) return limits;
  const { usd } = stricterLimits(recipe.limits ?? {}, limits);
  return stricterLimits(limits, { usd: await allotMonth(month, usd) });
}

/** @throws UsageError `service/bad-token`, which never shows it */
export function checkToken(token: string): void {
  if (/^hf_[\x21-\x7e]{1,500}$/.test(token)) return;
  throw new UsageError({
    code: 'service/bad-token',
    message: 'what came as a Hub token is none: those begin with hf_',
    hint: 'make one in the settings of your account on the Hub',
  });
}
