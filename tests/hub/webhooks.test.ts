import { createWebhook, deleteWebhook, listWebhooks, updateWebhook } from '@hubfuse/hub';
import { HubError } from '@hubfuse/plugin';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startTestHub, type TestHub } from './test-hub.ts';

let hub: TestHub;
beforeEach(async () => {
  hub = await startTestHub({ tokens: { hf_tester: { name: 'tester' }, hf_reader: { name: 'reader', role: 'read' } } });
});
afterEach(async () => await hub.close());

const hook = (more = {}) => ({
  url: 'http://127.0.0.1:9/hook',
  watched: [{ type: 'model', name: 'tester/model' } as const],
  secret: 'sesame',
  options: hub.options(),
  ...more,
});

test('a webhook is made, listed, changed, switched off and on, and removed', async () => {
  const made = await createWebhook(hook());
  expect(made).toMatchObject({ url: hook().url, secret: 'sesame', domains: ['repo', 'discussion'], disabled: false });
  expect(await listWebhooks(hub.options())).toEqual([made]);
  const { id } = made;
  const options = hub.options();
  const changed = await updateWebhook({ id, domains: ['repo'], secret: 'open', options });
  expect(changed).toEqual({ ...made, domains: ['repo'], secret: 'open' });
  const watched = [...made.watched, { type: 'dataset', name: 'tester/data' } as const];
  expect(await updateWebhook({ id, watched, disabled: true, options })).toMatchObject({ watched, disabled: true });
  expect(await updateWebhook({ id, disabled: false, options })).toMatchObject({ watched, disabled: false });
  expect(await deleteWebhook({ id, options })).toBe(true);
  expect(await deleteWebhook({ id, options })).toBe(false);
  expect(await listWebhooks(options)).toEqual([]);
});

test('a webhook whose answer is lost is registered once', async () => {
  const before = await createWebhook(hook());
  hub.server.faults?.set([{ kind: 'lose-reply', method: 'POST', path: '/api/settings/webhooks', times: 1 }]);
  const made = await createWebhook(hook());
  expect(made.id).not.toBe(before.id);
  expect((await listWebhooks(hub.options())).map(({ id }) => id).sort()).toEqual([before.id, made.id].sort());
});

test.each([
  ['hub/no-token', () => createWebhook(hook({ options: hub.options({ token: undefined }) }))],
  ['hub/bad-token', () => listWebhooks(hub.options({ token: 'hf_wrong' }))],
  ['hub/forbidden', () => listWebhooks(hub.options({ token: 'hf_reader' }))],
  ['hub/webhook-refused', () => createWebhook(hook({ url: 'ftp://example.test' }))],
  ['hub/webhook-not-found', () => updateWebhook({ id: 'absent', disabled: true, options: hub.options() })],
])('%s', async (code, action) => {
  const error = await action().catch((failure: unknown) => failure);
  expect(error).toBeInstanceOf(HubError);
  expect((error as HubError).code).toBe(code);
  expect((error as HubError).message).not.toMatch(/hf_(tester|wrong|reader)/);
});
