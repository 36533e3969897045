import { Cron } from 'croner';
import type { Field } from './fields.ts';
import type { TriggerSection } from './recipe.ts';

const KEYS = ['refs', 'pull_requests', 'schedule'];
const FIELDS = 'minute hour day month weekday, such as "0 3 * * 1" (Mondays at 3:00 UTC), or @daily';

/** The `trigger:` block: what makes a stored recipe run by itself. */
export function readTrigger(field: Field): TriggerSection | undefined {
  if (!field.expectMapping(KEYS)) return undefined;
  const refs = field.get('refs');
  const schedule = field.get('schedule');
  return {
    refs: refs === undefined ? ['main'] : readRefs(refs),
    pullRequests: field.get('pull_requests')?.boolean() ?? false,
    schedule: schedule === undefined ? undefined : readSchedule(schedule),
  };
}

/** Branches and tags by their plain names: `refs/heads/main` is `main`. */
function readRefs(field: Field): string[] {
  const names = field.items('a list of branches and tags')?.map(readRef) ?? [];
  return [...new Set(names.filter((name) => name !== undefined))];
}

function readRef(field: Field): string | undefined {
  const text = field.text('the name of a branch or tag');
  if (text === undefined) return undefined;
  const name = text.replace(/^refs\/(?:heads|tags)\//, '');
  if (/^(?:refs\/)?pr\//.test(name)) {
    const message = `"${text}" is the ref of a pull request`;
    return field.report({ code: 'recipe/bad-ref', message, hint: 'set `pull_requests: true` to watch pull requests' });
  }
  if (isRef(name)) return name;
  const message = `"${text}" is no name of a branch or tag`;
  return field.report({ code: 'recipe/bad-ref', message, hint: 'write `refs: [main]`' });
}

/** By git's rules, as far as a Hub keeps them. */
function isRef(name: string): boolean {
  return (
    /^[\w.+@=-]+(?:\/[\w.+@=-]+)*$/.test(name) && !/(?:^|\/)\.|\.\.|\.(?:lock)?$|^@$/.test(name) && name.length <= 200
  );
}

function readSchedule(field: Field): string | undefined {
  const written = field.text(`a schedule: ${FIELDS}`);
  if (written === undefined) return undefined;
  const schedule = written.trim().replace(/\s+/g, ' ');
  const problem = problemOf(schedule);
  if (problem === undefined) return schedule;
  const message = `"${written}" is no schedule: ${problem}`;
  return field.report({ code: 'recipe/bad-schedule', message, hint: `write ${FIELDS}` });
}

/** What is wrong with a cron expression, if anything is. */
function problemOf(schedule: string): string | undefined {
  if (!schedule.startsWith('@') && schedule.split(' ').length !== 5) {
    return `it has ${schedule === '' ? 0 : schedule.split(' ').length} fields, and needs 5`;
  }
  try {
    const cron = new Cron(schedule, { paused: true, timezone: 'UTC', mode: '5-part' });
    return cron.nextRun() === null ? 'no such day ever comes' : undefined;
  } catch (error) {
    return error instanceof Error ? error.message.replace(/^CronPattern: /, '') : String(error);
  }
}
