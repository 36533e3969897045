import { describe, expect, test } from 'vitest';
import { commentOn } from '../../test/payloads.ts';
import { setState, specsOf } from '../../test/runs.ts';
import { testServices } from '../../test/services.ts';
import { receiveHubEvent } from '../events/receive-hub-event.ts';
import { workOffInbox } from '../events/work-off-inbox.ts';
import { attendedRuns } from '../starting/begin-run.ts';

const text = 'merge_method: linear\nmodels: [ns/x, ns/y]\npublish: {hub: you/merged}\n';

async function published(settings: { commenters?: string[] } = {}) {
  const opened = await testServices();
  const { services, hub } = opened;
  await services.recipes.put({ name: 'r', text });
  hub.discussions.set('you/merged#4', []);
  let comments = 0;
  const problems: unknown[] = [];
  const say = async (author: string, content: string, id = `c${++comments}`): Promise<void> => {
    const events = hub.discussions.get('you/merged#4');
    if (!events?.some((event) => event.id === id)) events?.push({ id, author, text: content });
    await receiveHubEvent(services, commentOn('you/merged', 4, { id, content }));
    await workOffInbox(services, { ...settings, onProblem: (error) => problems.push(error) });
    expect(problems).toEqual([]);
  };
  const answers = () => hub.comments.map((comment) => comment.text.replace(/\s*<!--.*-->\s*$/s, ''));
  return { ...opened, say, answers };
}

describe('a comment on a discussion of a published model', () => {
  test('starts a run of the recipe that publishes there, once, and is answered once', async () => {
    const { services, say, answers, hub } = await published();
    await say('you', 'please\n\n/hubfuse merge', 'c-1');
    await say('you', 'please\n\n/hubfuse merge', 'c-1');
    const specs = await specsOf(services.store);
    expect(specs).toHaveLength(1);
    expect(specs[0]?.origin).toMatchObject({ trigger: 'comment', account: 'you', recipe: { name: 'r' }, ancestry: [] });
    expect(answers()).toHaveLength(1);
    expect(answers()[0]).toContain(`The run \`${specs[0]?.id}\` of the recipe \`r\` is queued.`);
    expect(hub.comments[0]).toMatchObject({ repo: 'you/merged', number: 4 });
    for await (const attended of attendedRuns(services.store)) {
      expect(attended.discussion).toEqual({ type: 'model', repo: 'you/merged', number: 4 });
    }
  });

  test('stops the runs of its recipe', async () => {
    const { services, say, answers } = await published();
    await say('you', '/hubfuse cancel');
    expect(answers()).toEqual(['No run of the recipe `r` is under way.']);
    await say('you', '/hubfuse merge');
    const [{ id } = { id: '' }] = await specsOf(services.store);
    await say('you', '/hubfuse cancel');
    expect(answers().at(-1)).toBe(`Stopping \`${id}\`.`);
    await setState(services.store, id, { status: 'cancelled' });
    await say('you', '/hubfuse cancel');
    expect(answers().at(-1)).toBe('No run of the recipe `r` is under way.');
  });

  test('is told why it cannot be done', async () => {
    const { say, answers } = await published();
    await say('you', '/hubfuse plan');
    expect(answers()[0]).toMatch(/^That cannot be done \(`hub\/repo-not-found`\): .*ns\/x/);
  });

  test('is asked which recipe it means where several publish there', async () => {
    const { services, say, answers } = await published();
    await services.recipes.put({ name: 's', text });
    await say('you', '/hubfuse merge');
    expect(answers()).toEqual([
      'Several recipes publish to this model: `r`, `s`. Name one of them behind the command.',
    ]);
    await say('you', '/hubfuse merge s');
    expect((await specsOf(services.store)).map(({ origin }) => origin.recipe?.name)).toEqual(['s']);
    await say('you', '/hubfuse merge t');
    expect(answers().at(-1)).toContain('No recipe of that name publishes to this model.');
    await say('you', '/hubfuse mergee');
    expect(answers().at(-1)).toContain('There is no command `mergee`.');
  });

  test.each<[name: string, author: string, content: string, settings: { commenters?: string[] }]>([
    ['of a stranger', 'eve', '/hubfuse merge', {}],
    ['of the owner, where others are named', 'you', '/hubfuse merge', { commenters: ['ana'] }],
    ['without a command', 'you', 'hubfuse is nice', {}],
    ['that quotes a command', 'you', '> /hubfuse merge', {}],
  ])('%s does nothing and gets no answer', async (_, author, content, settings) => {
    const { services, say, answers } = await published(settings);
    await say(author, content);
    expect(await specsOf(services.store)).toEqual([]);
    expect(answers()).toEqual([]);
  });

  test('of whoever is named counts', async () => {
    const { services, say } = await published({ commenters: ['Ana'] });
    await say('ana', '/hubfuse merge');
    expect(await specsOf(services.store)).toHaveLength(1);
  });
});

test('what a delivery claims and the Hub does not hold does nothing', async () => {
  const { services, hub } = await published();
  await receiveHubEvent(services, commentOn('you/merged', 4, { id: 'forged', content: '/hubfuse merge' }));
  await workOffInbox(services);
  expect(await specsOf(services.store)).toEqual([]);
  expect(hub.comments).toEqual([]);
});

test('a model that no stored recipe publishes to is of no concern', async () => {
  const { services, hub } = await published();
  await receiveHubEvent(services, commentOn('ns/x', 1, { id: 'c', content: '/hubfuse merge' }));
  await workOffInbox(services);
  expect(hub.requests).toEqual([]);
});
