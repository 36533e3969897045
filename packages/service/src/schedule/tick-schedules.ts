import { getJson } from '@hubfuse/objects';
import { HubError } from '@hubfuse/plugin';
import { isActive, runIdOf } from '@hubfuse/runs';
import { keyOf } from '../events/begin-push-run.ts';
import type { ParsedRecipe } from '../recipes/stored-recipe.ts';
import type { Services } from '../services.ts';
import { beginRun, findState } from '../starting/begin-run.ts';
import { changeJson } from '../store/change-json.ts';
import { serviceKeys } from '../store/keys-of-store.ts';
import { lastDue } from './last-due.ts';

/** What a schedule has asked for so far. */
interface ScheduleState {
  /** The last moment that was attended to, milliseconds since 1970. */
  tick: number;
  /** Under what its run was begun. */
  once: string;
}

/**
 * Makes the runs that schedules ask for: one per moment, however many processes look. After a pause of the service the last
 * missed moment gets its run and earlier ones get none; while a scheduled run of the recipe is under way the next one
 * waits for its end.
 */
export async function tickSchedules(services: Services): Promise<void> {
  for (const stored of await services.recipes.all()) {
    const schedule = stored.recipe.trigger?.schedule;
    if (schedule !== undefined) await tick(services, stored, schedule);
  }
}

async function tick(services: Services, stored: ParsedRecipe, schedule: string): Promise<void> {
  const { store, now, recipes } = services;
  const key = serviceKeys.schedule(stored.name);
  const state = (await getJson<ScheduleState>(store, key))?.value;
  // What was due before the recipe stood is not its business.
  const after = Math.max(state?.tick ?? 0, Date.parse(stored.updatedAt));
  const due = lastDue(schedule, { after, upTo: now() });
  if (due === undefined || (state !== undefined && (await isUnderWay(services, state.once)))) return;
  const at = new Date(due).toISOString();
  const once = `schedule ${stored.name} ${at}`;
  try {
    const owner = await keyOf(services, stored);
    await beginRun(services, {
      ...{ recipe: stored.recipe, once, key: owner },
      origin: {
        trigger: 'schedule',
        ...(owner === undefined ? {} : { key: owner.id }),
        recipe: { name: stored.name, etag: stored.etag },
        ancestry: [],
      },
    });
  } catch (error) {
    await recipes.notes.add(stored.name, {
      code: 'trigger/refused',
      message: `the schedule started no run at ${at}: ${error instanceof Error ? error.message : String(error)}`,
      at: new Date(now()).toISOString(),
    });
    // The Hub may be back in a minute; what a person has to mend waits for the next moment.
    if (error instanceof HubError) return;
  }
  await changeJson<ScheduleState>({ store, key }, (found) =>
    found !== undefined && found.tick >= due ? undefined : { tick: due, once },
  );
}

async function isUnderWay({ store }: Services, once: string): Promise<boolean> {
  const state = await findState(store, runIdOf(once));
  return state !== undefined && isActive(state.status);
}
