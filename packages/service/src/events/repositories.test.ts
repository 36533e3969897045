import { expect, test } from 'vitest';
import { pushTo, repositoryEvent } from '../../test/payloads.ts';
import { specsOf } from '../../test/runs.ts';
import { testServices } from '../../test/services.ts';
import type { Services } from '../services.ts';
import { receiveHubEvent } from './receive-hub-event.ts';
import { workOffInbox } from './work-off-inbox.ts';

const text = 'merge_method: linear\nmodels: [ns/x, ns/y]\n';

async function stored() {
  const opened = await testServices();
  await opened.services.recipes.put({ name: 'r', text });
  const problems: unknown[] = [];
  const tell = async (...payloads: unknown[]): Promise<void> => {
    for (const payload of payloads) await receiveHubEvent(opened.services, payload);
    await workOffInbox(opened.services, { onProblem: (error) => problems.push(error) });
  };
  const notes = async () => (await opened.services.recipes.notes.list('r')).map(({ code, repo }) => `${code} ${repo}`);
  return { ...opened, tell, notes, problems };
}

test('a parent that was deleted is noted, and the note goes when it is back', async () => {
  const { hub, tell, notes } = await stored();
  await tell(repositoryEvent('ns/x', 'delete'));
  expect(await notes()).toEqual(['parent/deleted ns/x']);
  // A delivery that comes late says nothing against what the Hub says now.
  hub.addModel('ns/x');
  await tell(repositoryEvent('ns/x', 'delete', { webhook: { id: 'other', version: 3 } }));
  expect(await notes()).toEqual([]);
});

test('a parent that was gated or made private is noted', async () => {
  const { hub, tell, notes } = await stored();
  hub.addModel('ns/x', { gated: true });
  await tell({ ...(repositoryEvent('ns/x', 'update') as object), event: { action: 'update', scope: 'repo.config' } });
  expect(await notes()).toEqual(['parent/gated ns/x']);
});

test('kinds of events that a Hub may add count as their parent', async () => {
  const { hub, tell, notes, services } = await stored();
  hub.addModel('ns/x', { gated: true });
  await tell({ ...(repositoryEvent('ns/x', 'update') as object), event: { action: 'update', scope: 'repo.weather' } });
  expect(await notes()).toEqual(['parent/gated ns/x']);
  const push = pushTo({ repo: 'ns/y', number: 1 }) as { event: object };
  await tell({ ...push, event: { action: 'update', scope: 'repo.content.partial' } });
  expect(await specsOf(services.store)).toHaveLength(1);
});

test('a parent that was renamed is noted, and pushes under its new name start the recipe as before', async () => {
  const { services, tell, notes } = await stored();
  await tell(repositoryEvent('ns/x', 'move', { movedTo: { name: 'ns/x2', owner: { id: 'x' } } }));
  expect(await notes()).toEqual(['parent/renamed ns/x']);
  await tell(repositoryEvent('ns/x2', 'move', { movedTo: { name: 'team/x3', owner: { id: 'x' } } }));
  await tell(pushTo({ repo: 'team/x3', number: 1 }));
  expect((await specsOf(services.store))[0]?.origin.cause?.repo).toBe('team/x3');
});

test('a watched branch that was deleted is noted, and starts nothing', async () => {
  const { services, tell, notes } = await stored();
  await tell(pushTo({ repo: 'ns/x', number: 1, newSha: null }));
  expect(await notes()).toEqual(['parent/ref-deleted ns/x']);
  expect(await specsOf(services.store)).toEqual([]);
});

test('what nobody uses costs no look at the Hub', async () => {
  const { hub, tell } = await stored();
  await tell(repositoryEvent('other/model', 'delete'), pushTo({ repo: 'other/model', number: 1 }));
  expect(hub.requests).toEqual([]);
});

test('while the Hub is out of reach an event waits, and is worked off when it is back', async () => {
  const opened = await stored();
  const { services, clock, hub, notes, problems } = opened;
  const broken: Services = {
    ...services,
    hub: { ...services.hub, fetch: () => Promise.reject(new TypeError('down')) },
  };
  await receiveHubEvent(broken, repositoryEvent('ns/x', 'delete'));
  await workOffInbox(broken, { onProblem: (error) => problems.push(error) });
  expect(problems).toHaveLength(1);
  expect(await notes()).toEqual([]);
  await workOffInbox(services);
  expect(hub.requests).toEqual([]);
  clock.now += 2_001;
  await workOffInbox(services);
  expect(await notes()).toEqual(['parent/deleted ns/x']);
});
