import { announcePublication, notePublication, readRun } from '@hubfuse/runs';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { pushTo, shaOf } from '../../test/payloads.ts';
import { setState, specsOf } from '../../test/runs.ts';
import { removeFolders, STORES, testServices } from '../../test/services.ts';
import type { Services } from '../services.ts';
import { startRun } from '../starting/start-run.ts';
import { receiveHubEvent } from './receive-hub-event.ts';
import { workOffInbox } from './work-off-inbox.ts';

afterAll(removeFolders);

const recipeOf = (models: string, more = '') => `merge_method: linear\nmodels: [${models}]\n${more}`;

async function workOff(services: Services): Promise<void> {
  await workOffInbox(services, {
    onProblem: (error) => {
      throw error;
    },
  });
}

async function deliver(services: Services, ...payloads: readonly unknown[]): Promise<void> {
  for (const payload of payloads) await receiveHubEvent(services, payload);
  await workOff(services);
}

const causes = async (services: Services) =>
  (await specsOf(services.store)).map(
    ({ origin: { recipe, cause } }) => `${recipe?.name}: ${cause?.repo} ${cause?.sha}`,
  );

describe.each(STORES)('pushes, in a store of the kind %s', (kind) => {
  test('a push starts each recipe that uses the model, once, with the push on the run', async () => {
    const { services } = await testServices(kind);
    const { recipe } = await services.recipes.put({ name: 'a', text: recipeOf('ns/x, ns/y') });
    await services.recipes.put({ name: 'b', text: recipeOf('ns/z, NS/X') });
    await services.recipes.put({ name: 'c', text: recipeOf('ns/y, ns/z') });
    const push = pushTo({ repo: 'ns/x', number: 1 });
    await deliver(services, push, push);
    await deliver(services, pushTo({ repo: 'ns/x', number: 1, webhook: 'another' }));
    const specs = await specsOf(services.store);
    expect(specs.map(({ origin }) => origin.recipe?.name).sort()).toEqual(['a', 'b']);
    expect(specs.find(({ origin }) => origin.recipe?.name === 'a')?.origin).toEqual({
      trigger: 'webhook',
      recipe: { name: 'a', etag: recipe.etag },
      cause: { type: 'model', repo: 'ns/x', ref: 'refs/heads/main', sha: shaOf(1) },
      ancestry: [],
    });
  });

  test('two processes that work off the same deliveries make the runs of one', async () => {
    const { services, another } = await testServices(kind);
    for (let index = 0; index < 5; index++) {
      await services.recipes.put({ name: `r${index}`, text: recipeOf(`ns/x${index}, ns/y`) });
    }
    const others = [services, another(), another()];
    const pushes = Array.from({ length: 5 }, (_, index) => pushTo({ repo: `ns/x${index}`, number: 1 }));
    await Promise.all(others.flatMap((each) => pushes.map((push) => receiveHubEvent(each, push))));
    await Promise.all(others.map(workOff));
    expect((await causes(services)).sort()).toEqual(pushes.map((_, index) => `r${index}: ns/x${index} ${shaOf(1)}`));
  });
});

describe('what is watched', () => {
  test.each<[name: string, models: string, more: string, push: Parameters<typeof pushTo>[0], runs: number]>([
    ['another branch is not', 'ns/x, ns/y', '', { repo: 'ns/x', ref: 'refs/heads/dev', number: 1 }, 0],
    [
      'a branch of the trigger is',
      'ns/x, ns/y',
      'trigger: {refs: [dev]}\n',
      { repo: 'ns/x', ref: 'refs/heads/dev', number: 1 },
      1,
    ],
    [
      'main is not where the trigger names others',
      'ns/x, ns/y',
      'trigger: {refs: [dev]}\n',
      { repo: 'ns/x', number: 1 },
      0,
    ],
    [
      'a tag of the trigger is',
      'ns/x, ns/y',
      'trigger: {refs: [v2]}\n',
      { repo: 'ns/x', ref: 'refs/tags/v2', number: 1 },
      1,
    ],
    ['a revision of the recipe is', 'ns/x@dev, ns/y', '', { repo: 'ns/x', ref: 'refs/heads/dev', number: 1 }, 1],
    ['main is not where the recipe names a revision', 'ns/x@dev, ns/y', '', { repo: 'ns/x', number: 1 }, 0],
    ['a commit never changes', `ns/x@${'a'.repeat(40)}, ns/y`, '', { repo: 'ns/x', number: 1 }, 0],
    ['a pull request is not', 'ns/x, ns/y', '', { repo: 'ns/x', ref: 'refs/pr/3', number: 1 }, 0],
    [
      'a pull request is where the trigger says so',
      'ns/x, ns/y',
      'trigger: {pull_requests: true}\n',
      { repo: 'ns/x', ref: 'refs/pr/3', number: 1 },
      1,
    ],
    ['a dataset of the same name is not', 'ns/x, ns/y', '', { repo: 'ns/x', type: 'dataset', number: 1 }, 0],
    [
      'scoring data is',
      'ns/x, ns/y',
      'evaluate: {task: text-classification, datasets: [{name: d, from: ns/data, dev: d.jsonl}]}\n',
      { repo: 'ns/data', type: 'dataset', number: 1 },
      1,
    ],
    ['the base is', 'ns/y', 'base_model: ns/x\n', { repo: 'ns/x', number: 1 }, 1],
  ])('%s', async (_, models, more, push, runs) => {
    const { services } = await testServices();
    const text = recipeOf(models, more).replace(
      'merge_method: linear',
      more.startsWith('base') ? 'merge_method: ties' : 'merge_method: linear',
    );
    await services.recipes.put({ name: 'r', text });
    await deliver(services, pushTo(push));
    expect(await specsOf(services.store)).toHaveLength(runs);
  });

  test('the run takes the model at the ref that changed, and that of a pull request publishes nothing', async () => {
    const { services } = await testServices();
    const text = recipeOf('ns/x, ns/y', 'publish: {hub: you/z}\ntrigger: {refs: [main, dev], pull_requests: true}\n');
    await services.recipes.put({ name: 'r', text });
    const refs = ['refs/heads/main', 'refs/heads/dev', 'refs/pr/4'];
    for (const [index, ref] of refs.entries())
      await deliver(services, pushTo({ repo: 'ns/x', ref, number: index + 1 }));
    const specs = await specsOf(services.store);
    const taken = refs.map((ref) => {
      const spec = specs.find(({ origin }) => origin.cause?.ref === ref);
      const revisions = spec?.recipe.models.map(({ reference }) => reference.kind === 'hub' && reference.revision);
      return [revisions, spec?.options.publish];
    });
    expect(taken).toEqual([
      [[undefined, undefined], undefined],
      [[shaOf(2), undefined], undefined],
      [[shaOf(3), undefined], false],
    ]);
  });
});

describe('our own pushes', () => {
  const chain = (from: string, to: string) => recipeOf(`${from}, other/model`, `publish: {hub: ${to}}\n`);

  async function publish(services: Services, recipe: string, to: { repo: string; number: number }): Promise<void> {
    const specs = await specsOf(services.store);
    const { id } = specs.filter(({ origin }) => origin.recipe?.name === recipe).at(-1) ?? { id: '' };
    const at = new Date().toISOString();
    await notePublication(services.store, { run: id, recipe, repo: to.repo, sha: shaOf(to.number), url: '', at });
    await setState(services.store, id, { status: 'done' });
  }

  test('lead on along a chain of recipes, which stands on the last run', async () => {
    const { services } = await testServices();
    await services.recipes.put({ name: 'first', text: chain('you/a', 'you/b') });
    await services.recipes.put({ name: 'second', text: chain('you/b', 'you/c') });
    await deliver(services, pushTo({ repo: 'you/a', number: 1 }));
    await publish(services, 'first', { repo: 'you/b', number: 50 });
    await deliver(services, pushTo({ repo: 'you/b', number: 50 }));
    const [first, second] = await specsOf(services.store);
    expect(second?.origin).toMatchObject({
      recipe: { name: 'second' },
      ancestry: [{ run: first?.id, recipe: 'first', repo: 'you/b', sha: shaOf(50) }],
    });
  });

  test('never loop: a cycle that no check saw is broken, with a note', async () => {
    const { services } = await testServices();
    await services.recipes.put({ name: 'p', text: chain('you/a', 'you/b') });
    await services.recipes.put({ name: 'q', text: chain('you/b', 'you/c') });
    await deliver(services, pushTo({ repo: 'you/a', number: 1 }));
    await publish(services, 'p', { repo: 'you/b', number: 50 });
    await deliver(services, pushTo({ repo: 'you/b', number: 50 }));
    // The Hub's doing: what q publishes to is what p merges.
    await publish(services, 'q', { repo: 'you/a', number: 2 });
    await deliver(services, pushTo({ repo: 'you/a', number: 2 }));
    expect(await specsOf(services.store)).toHaveLength(2);
    expect(await services.recipes.notes.list('p')).toMatchObject([{ code: 'trigger/cycle', repo: 'you/a' }]);
    // A person's push to the same model starts it as ever.
    await deliver(services, pushTo({ repo: 'you/a', number: 3 }));
    expect(await specsOf(services.store)).toHaveLength(3);
  });

  test('are waited for where the Hub tells of one before its run does', async () => {
    const { services, clock } = await testServices();
    await services.recipes.put({ name: 'first', text: chain('you/a', 'you/b') });
    await services.recipes.put({ name: 'second', text: chain('you/b', 'you/c') });
    await deliver(services, pushTo({ repo: 'you/a', number: 1 }));
    const [first] = await specsOf(services.store);
    const run = first?.id ?? '';
    await setState(services.store, run, { status: 'running' });
    await announcePublication(services.store, 'you/b', run);
    await deliver(services, pushTo({ repo: 'you/b', number: 50 }));
    expect(await specsOf(services.store)).toHaveLength(1);
    await publish(services, 'first', { repo: 'you/b', number: 50 });
    clock.now += 1_001;
    await workOff(services);
    expect((await specsOf(services.store))[1]?.origin.ancestry).toMatchObject([{ run }]);
  });
});

describe('a storm on one ref', () => {
  test('becomes the run under way and one of the newest', async () => {
    const { services, hub } = await testServices();
    await services.recipes.put({ name: 'r', text: recipeOf('ns/x, ns/y') });
    hub.addModel('ns/x', { sha: shaOf(100) });
    await deliver(services, pushTo({ repo: 'ns/x', number: 1 }));
    for (let number = 2; number <= 100; number++) await deliver(services, pushTo({ repo: 'ns/x', number }));
    expect(await causes(services)).toEqual([`r: ns/x ${shaOf(1)}`]);
    const [first] = await specsOf(services.store);
    await setState(services.store, first?.id ?? '', { status: 'failed' });
    await workOff(services);
    expect(await causes(services)).toEqual([`r: ns/x ${shaOf(1)}`, `r: ns/x ${shaOf(100)}`]);
  });

  test('makes at most two runs in any order, however often its deliveries come, and one is of the newest', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.shuffledSubarray([...Array(12).keys()], { minLength: 12 }),
        fc.array(fc.nat(11), { maxLength: 20 }),
        fc.integer({ min: 1, max: 12 }),
        async (order, repeats, batch) => {
          const { services, hub } = await testServices();
          await services.recipes.put({ name: 'r', text: recipeOf('ns/x, ns/y') });
          hub.addModel('ns/x', { sha: shaOf(12) });
          const steps = [...order, ...repeats].map((number) => pushTo({ repo: 'ns/x', number: number + 1 }));
          for (let start = 0; start < steps.length; start += batch) {
            await deliver(services, ...steps.slice(start, start + batch));
          }
          for (const { id } of await specsOf(services.store)) await setState(services.store, id, { status: 'done' });
          await workOff(services);
          await deliver(services, ...steps);
          const made = await causes(services);
          expect(made.length).toBeLessThanOrEqual(2);
          expect(made).toContain(`r: ns/x ${shaOf(12)}`);
        },
      ),
      { numRuns: 40 },
    );
  });
});

test('10,000 deliveries, of which 9,900 repeat 100 pushes to 100 models of one recipe each, make 100 runs', async () => {
  const { services, another } = await testServices();
  const processes = [services, another()];
  for (let index = 0; index < 100; index++) {
    await services.recipes.put({ name: `r${index}`, text: recipeOf(`ns/x${index}, ns/y`) });
  }
  for (let delivery = 0; delivery < 10_000; delivery++) {
    const process = processes[delivery % 2] ?? services;
    // A stride that meets every push, out of order.
    await receiveHubEvent(process, pushTo({ repo: `ns/x${(delivery * 37) % 100}`, number: 1 }));
    if (delivery % 997 === 0) await workOff(process);
  }
  await Promise.all(processes.map(workOff));
  const made = await causes(services);
  expect(made).toHaveLength(100);
  expect(new Set(made).size).toBe(100);
});

describe('what cannot be started', () => {
  test('runs a day that are used up: the newest push waits for the next day', async () => {
    const { services, clock } = await testServices();
    await services.recipes.put({ name: 'r', text: recipeOf('ns/x, ns/y', 'limits: {runs_per_day: 1}\n') });
    await deliver(services, pushTo({ repo: 'ns/x', number: 1 }));
    const [first] = await specsOf(services.store);
    await setState(services.store, first?.id ?? '', { status: 'done' });
    await deliver(services, pushTo({ repo: 'ns/x', number: 2 }), pushTo({ repo: 'ns/x', number: 3 }));
    expect(await specsOf(services.store)).toHaveLength(1);
    expect(await services.recipes.notes.list('r')).toMatchObject([{ code: 'trigger/waiting', repo: 'ns/x' }]);
    clock.now = Date.parse('2026-12-01T00:00:01Z');
    await workOff(services);
    expect(await causes(services)).toEqual([`r: ns/x ${shaOf(1)}`, `r: ns/x ${shaOf(3)}`]);
  });

  test('a key that was revoked starts nothing, and the recipe says so', async () => {
    const { services, hub } = await testServices();
    for (const model of ['ns/x', 'ns/y']) hub.addModel(model);
    const { id } = await services.keys.create({ name: 'ci', scopes: ['run'] });
    await services.recipes.put({ name: 'r', text: recipeOf('ns/x, ns/y'), key: await services.keys.get(id) });
    await services.keys.revoke(id);
    await deliver(services, pushTo({ repo: 'ns/x', number: 1 }));
    expect(await specsOf(services.store)).toEqual([]);
    expect(await services.recipes.notes.list('r')).toMatchObject([{ code: 'trigger/refused' }]);
  });

  test('a private parent starts nothing for a key without its namespace', async () => {
    const { services, hub } = await testServices();
    hub.addModel('ns/x', { private: true });
    hub.addModel('ns/y');
    const { id } = await services.keys.create({ name: 'ci', scopes: ['run'] });
    await services.recipes.put({ name: 'r', text: recipeOf('ns/x, ns/y'), key: await services.keys.get(id) });
    await deliver(services, pushTo({ repo: 'ns/x', number: 1 }));
    expect(await specsOf(services.store)).toEqual([]);
    expect((await services.recipes.notes.list('r'))[0]?.message).toContain('ns/x is not public');
  });

  test('a recipe that was deleted or edited meanwhile is what it is now', async () => {
    const { services } = await testServices();
    await services.recipes.put({ name: 'r', text: recipeOf('ns/x, ns/y') });
    await deliver(services, pushTo({ repo: 'ns/x', number: 1 }));
    const before = await readRun({ store: services.store, runId: (await specsOf(services.store))[0]?.id ?? '' });
    await receiveHubEvent(services, pushTo({ repo: 'ns/x', number: 2 }));
    const { recipe } = await services.recipes.put({ name: 'r', text: recipeOf('ns/x, ns/z') });
    await setState(services.store, before.spec.id, { status: 'done' });
    await workOff(services);
    const [, second] = await specsOf(services.store);
    expect(second?.origin.recipe?.etag).toBe(recipe.etag);
    expect(before.spec.recipe.source.text).toBe(recipeOf('ns/x, ns/y'));
    await receiveHubEvent(services, pushTo({ repo: 'ns/x', number: 3 }));
    await services.recipes.delete('r');
    await setState(services.store, second?.id ?? '', { status: 'done' });
    await workOff(services);
    expect(await specsOf(services.store)).toHaveLength(2);
  });
});

test('runs that a person asks for stand beside those of pushes', async () => {
  const { services } = await testServices();
  await services.recipes.put({ name: 'r', text: recipeOf('ns/x, ns/y') });
  await startRun(services, { recipe: { name: 'r' } });
  await deliver(services, pushTo({ repo: 'ns/x', number: 1 }));
  expect((await specsOf(services.store)).map(({ origin }) => origin.trigger).sort()).toEqual(['http', 'webhook']);
});
