import { createHmac } from 'node:crypto';
import { receiveHubEvent } from '@hubfuse/service';
import { deleteRepo, uploadFile } from '@huggingface/hub';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { TriggeredService } from './triggered-service.ts';

// Several merges and publications, on a machine that may be busy with other tests.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

let service: TriggeredService;

beforeAll(async () => {
  service = await TriggeredService.start({ dispatchers: 3 });
});

afterAll(() => service.close());

const model = (name: string) => `hubfuse-examples/intents-${name}`;
const recipe = (models: readonly string[], publish: string) =>
  `merge_method: linear\nmodels: [${models.join(', ')}]\npublish:\n  hub: ${publish}\n`;

async function push(repo: string): Promise<void> {
  const file = { path: 'notes.txt', content: new Blob([`${repo} ${Math.random()}`]) };
  await uploadFile({ repo, file, hubUrl: service.hub.url, accessToken: 'hf_you' });
}

const endOf = async (name: string) =>
  (await service.runs()).filter(({ spec }) => spec.origin.recipe?.name === name).map(({ state }) => state.status);

test('a push becomes a pull request, its merge starts the next recipe, and nothing loops', async () => {
  const { recipes } = service.services;
  await recipes.put({
    name: 'first',
    text: recipe([model('money'), model('home')], '{repo: you/merged, as: pull_request}'),
  });
  await recipes.put({ name: 'next', text: recipe(['you/merged', model('travel')], 'you/next') });
  await push(model('money'));
  await service.until('the first run is done', async () => (await endOf('first')).join() === 'done');
  await service.until('its end is told', () => service.notices.length === 1);
  const [first] = await service.runs();
  expect(first?.spec.origin).toMatchObject({
    trigger: 'webhook',
    cause: { repo: model('money'), ref: 'refs/heads/main' },
  });
  const [published] = first?.report?.published ?? [];
  expect(published).toMatchObject({ publisher: 'hub', as: 'pull_request' });
  const number = Number(/\d+$/.exec(published?.url ?? '')?.[0]);
  type Discussion = { events: { type: string; data: { latest?: { raw: string } } }[] };
  await service.until('the pull request says so', async () => {
    const { events } = (await service.api(`models/you/merged/discussions/${number}`)) as Discussion;
    return events.some(({ data }) => data.latest?.raw.includes(`The run \`${first?.spec.id}\``) === true);
  });

  // The pull request itself started nothing: its commits are no changes of what the next recipe merges.
  expect(await endOf('next')).toEqual([]);
  await service.api(`models/you/merged/discussions/${number}/merge`, {});
  await service.until('the next run is done', async () => (await endOf('next')).join() === 'done');
  const next = (await service.runs()).find(({ spec }) => spec.origin.recipe?.name === 'next');
  // The merge made a commit of its own; what it holds is known all the same.
  expect(next?.spec.origin.ancestry).toMatchObject([{ run: first?.spec.id, recipe: 'first', repo: 'you/merged' }]);
  await service.until('its push is worked off', async () => {
    const told = service.deliveries.filter((body) => JSON.stringify(body).includes('"you/next"'));
    return told.length > 0 && (await service.store.list('service/inbox/')).keys.length === 0;
  });
  expect((await service.runs()).map(({ spec }) => spec.origin.recipe?.name)).toEqual(['first', 'next']);

  const [notice] = service.notices;
  const digest = createHmac('sha256', 'notice secret').update(`${notice?.timestamp}.${notice?.body}`).digest('hex');
  expect(notice?.signature).toBe(`sha256=${digest}`);
  expect(service.problems).toEqual([]);
});

test('every delivery once more, in the other order, starts nothing', async () => {
  const before = (await service.runs()).length;
  for (const body of [...service.deliveries].reverse()) await receiveHubEvent(service.services, body);
  await service.until(
    'they are worked off',
    async () => (await service.store.list('service/inbox/')).keys.length === 0,
  );
  await service.until('no lane waits', async () => (await service.store.list('service/waiting/')).keys.length === 0);
  expect(await service.runs()).toHaveLength(before);
});

test('a comment of the owner merges again and is answered; that of a stranger is not', async () => {
  const say = (comment: string, account: string) =>
    service.api('models/you/next/discussions/1/comment', { comment }, account);
  await service.api('models/you/next/discussions', { title: 'Once more', description: 'please' });
  await say('/hubfuse merge', 'eve');
  await say('/hubfuse plan', 'you');
  await say('/hubfuse merge', 'you');
  await service.until('the run of the comment is done', async () => (await endOf('next')).join() === 'done,done');
  type Discussion = { events: { author: { name: string }; data: { latest?: { raw: string } } }[] };
  const answers = async () => {
    const { events } = (await service.api('models/you/next/discussions/1')) as Discussion;
    return events.map(({ data }) => data.latest?.raw ?? '').filter((raw) => raw.includes('<!-- hubfuse'));
  };
  await service.until('all is answered', async () => (await answers()).length === 3);
  const said = (await answers()).join('\n');
  expect(said).toContain('The recipe `next` would merge with `linear`');
  expect(said).toContain('is queued');
  expect(said).toMatch(/The run `once-\w+` of the recipe `next` is done/);
  const commented = (await service.runs()).filter(({ spec }) => spec.origin.trigger === 'comment');
  expect(commented.map(({ spec }) => spec.origin.account)).toEqual(['you']);
});

test('a parent that is deleted meanwhile is noted, and its recipe runs no more', async () => {
  await deleteRepo({ repo: model('travel'), hubUrl: service.hub.url, accessToken: 'hf_you' });
  const { notes } = service.services.recipes;
  await service.until('the recipe says so', async () => (await notes.list('next')).length > 0);
  expect(await notes.list('next')).toMatchObject([{ code: 'parent/deleted', repo: model('travel') }]);
});
