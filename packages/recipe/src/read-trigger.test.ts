import { expect, test } from 'vitest';
import { read, refusal } from '../test/reading.ts';

const head = 'merge_method: linear\nmodels: [a/b, c/d]\n';
const trigger = (text: string) => read(`${head}trigger: ${text}\n`).trigger;

test('a trigger has defaults, and refs lose the folders of git', () => {
  expect(read(head).trigger).toBeUndefined();
  expect(trigger('{pull_requests: off}')).toEqual({ refs: ['main'], pullRequests: false, schedule: undefined });
  expect(trigger('{refs: [refs/heads/main, main, refs/tags/v2, feature/x], pull_requests: yes}')).toEqual({
    refs: ['main', 'v2', 'feature/x'],
    pullRequests: true,
    schedule: undefined,
  });
  expect(trigger('{refs: []}')?.refs).toEqual([]);
});

test.each(['0 3 * * *', '*/15 8-18 * * MON-FRI', '@daily', '0 0 29 2 *'])('the schedule "%s" is kept', (schedule) => {
  expect(trigger(`{schedule: "${schedule}"}`)?.schedule).toBe(schedule);
});

test.each<[name: string, text: string, code: string, path: string, mention: string]>([
  ['a mere text', 'main', 'wrong-type', 'trigger', 'refs, pull_requests, schedule'],
  ['an unknown key', '{ref: [main]}', 'unknown-key', 'trigger.ref', 'did you mean refs?'],
  ['refs that are no list', '{refs: main}', 'wrong-type', 'trigger.refs', 'a list of branches and tags'],
  ['a pull request among refs', '{refs: [refs/pr/3]}', 'bad-ref', 'trigger.refs[0]', 'pull_requests: true'],
  ['a name that git refuses', '{refs: [main, "a..b"]}', 'bad-ref', 'trigger.refs[1]', '"a..b"'],
  ['a word for a boolean', '{pull_requests: some}', 'wrong-type', 'trigger.pull_requests', 'true or false'],
  ['a minute too many', '{schedule: "61 * * * *"}', 'bad-schedule', 'trigger.schedule', 'minute: 61'],
  ['seconds', '{schedule: "* * * * * *"}', 'bad-schedule', 'trigger.schedule', 'it has 6 fields, and needs 5'],
  ['an empty schedule', '{schedule: ""}', 'bad-schedule', 'trigger.schedule', 'it has 0 fields'],
  ['a start of the machine', '{schedule: "@reboot"}', 'bad-schedule', 'trigger.schedule', '@reboot'],
  ['a day that never comes', '{schedule: "0 0 30 2 *"}', 'bad-schedule', 'trigger.schedule', 'no such day'],
])('%s is refused', (_, text, code, path, mention) => {
  const error = refusal(`${head}trigger: ${text}\n`);
  expect(error.code).toBe(`recipe/${code}`);
  expect(error.place?.path).toBe(path);
  expect(error.message).toContain(mention);
});
