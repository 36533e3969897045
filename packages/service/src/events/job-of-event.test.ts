import { expect, test } from 'vitest';
import { pushTo, repositoryEvent, shaOf } from '../../test/payloads.ts';
import { setState, specsOf } from '../../test/runs.ts';
import { type TestServices, testServices } from '../../test/services.ts';
import { JobOfEvent } from './job-of-event.ts';

const text = 'merge_method: linear\nmodels: [ns/x, ns/y]\n';
const signal = new AbortController().signal;

async function opened(): Promise<TestServices & { job: (recipe?: string) => JobOfEvent }> {
  const made = await testServices();
  await made.services.recipes.put({ name: 'r', text });
  await made.services.recipes.put({ name: 'other', text });
  return {
    ...made,
    job: (recipe = 'r') => new JobOfEvent({ services: made.another(), recipe, signal, lookMs: 1 }),
  };
}

test('a push makes the run of its recipe alone, once however many jobs are started, and each job is handed it', async () => {
  const { services, job } = await opened();
  const jobs = [job(), job(), job()];
  const push = pushTo({ repo: 'ns/x', number: 1 });
  expect(await Promise.all(jobs.map((each) => each.receive(push)))).toEqual(['queued', 'queued', 'queued']);
  const handed = await Promise.all(jobs.map((each) => each.next()));
  const specs = await specsOf(services.store);
  expect(specs.map(({ origin }) => origin.recipe?.name)).toEqual(['r']);
  expect(new Set(handed)).toEqual(new Set(specs.map(({ id }) => id)));
  // The recipe's other job makes its own run.
  const others = job('other');
  await others.receive(push);
  await others.next();
  expect((await specsOf(services.store)).map(({ origin }) => origin.recipe?.name).sort()).toEqual(['other', 'r']);
});

test('while a run is under way other jobs end, and whoever executes it goes on with the newest push alone', async () => {
  const { services, clock, job } = await opened();
  const first = job();
  await first.receive(pushTo({ repo: 'ns/x', number: 1 }));
  const run = (await first.next()) ?? '';
  const owner = { host: 'elsewhere', pid: 1, nonce: 'n', leaseMs: 60_000 };
  const beat = async () => {
    clock.now += 2_000;
    const heartbeatAt = new Date(clock.now).toISOString();
    await setState(services.store, run, { status: 'running', owner: { ...owner, heartbeatAt } });
  };
  await beat();
  for (const number of [2, 3, 4]) {
    const later = job();
    await later.receive(pushTo({ repo: 'ns/x', number }));
    const beating = setInterval(() => void beat(), 5);
    expect(await later.next()).toBeUndefined();
    clearInterval(beating);
  }
  await new Promise((resolve) => setTimeout(resolve, 50));
  await setState(services.store, run, { status: 'done' });
  const next = await first.next();
  expect(next).not.toBe(run);
  const specs = await specsOf(services.store);
  expect(specs.map(({ origin }) => origin.cause?.sha)).toEqual([shaOf(1), shaOf(4)]);
  await setState(services.store, next ?? '', { status: 'done' });
  expect(await first.next()).toBeUndefined();
});

test('a run whose worker is gone is taken up once its lease is over', async () => {
  const { services, clock, job } = await opened();
  const first = job();
  await first.receive(pushTo({ repo: 'ns/x', number: 1 }));
  const run = (await first.next()) ?? '';
  const heartbeatAt = new Date(clock.now).toISOString();
  const owner = { host: 'elsewhere', pid: 1, nonce: 'n', leaseMs: 60_000, heartbeatAt };
  await setState(services.store, run, { status: 'running', owner });
  const again = job();
  await again.receive(pushTo({ repo: 'ns/x', number: 1 }));
  const passing = setInterval(() => {
    clock.now += 10_000;
  }, 5);
  expect(await again.next()).toBe(run);
  clearInterval(passing);
});

test('a failure of its own run is remembered; what concerns no push of the recipe is not', async () => {
  const { services, job, hub } = await opened();
  const first = job();
  await first.receive(pushTo({ repo: 'ns/x', number: 1 }));
  const run = (await first.next()) ?? '';
  const error = { name: 'HubError', code: 'hub/gone', message: 'gone' };
  await setState(services.store, run, { status: 'failed', error });
  const again = job();
  await again.receive(pushTo({ repo: 'ns/x', number: 1 }));
  expect(await again.next()).toBeUndefined();
  expect(await again.failure()).toEqual(error);
  const unconcerned = job();
  expect(await unconcerned.receive(pushTo({ repo: 'ns/z', number: 1 }))).toBe('ignored');
  expect(await unconcerned.receive(pushTo({ repo: 'ns/x', number: 1, ref: 'refs/pr/1' }))).toBe('ignored');
  expect(await unconcerned.failure()).toBeUndefined();
  // What happened to a parent is noted as by a server.
  hub.addModel('ns/x', { gated: true });
  await unconcerned.receive(repositoryEvent('ns/x', 'update'));
  expect((await services.recipes.notes.list('r')).map(({ code }) => code)).toEqual(['parent/gated']);
});

test('what is no delivery, and a recipe that is gone, are errors', async () => {
  const { job } = await opened();
  await expect(job().receive('hello')).rejects.toMatchObject({ code: 'service/bad-payload' });
  await expect(job('absent').receive({})).rejects.toMatchObject({ code: 'service/unknown-recipe' });
});
