import { UsageError } from '@hubfuse/plugin';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { commentOn, pushTo, repositoryEvent, shaOf } from '../../test/payloads.ts';
import { readHubPayload } from './hub-payload.ts';

test('what the Hub sends is read, and the rest of it left out', () => {
  expect(readHubPayload(pushTo({ repo: 'ns/x', number: 2 }))).toEqual({
    event: { action: 'update', scope: 'repo.content' },
    repo: { type: 'model', name: 'ns/x', private: false, headSha: shaOf(2) },
    updatedRefs: [{ ref: 'refs/heads/main', oldSha: shaOf(1), newSha: shaOf(2) }],
  });
  expect(readHubPayload(commentOn('ns/x', 3, { id: 'c1', content: 'hello' }))).toMatchObject({
    discussion: { num: 3, isPullRequest: false, status: 'open' },
    comment: { id: 'c1', content: 'hello', hidden: false },
  });
  expect(readHubPayload(repositoryEvent('gpt2', 'move', { movedTo: { name: 'openai/gpt2' } }))?.movedTo).toEqual({
    name: 'openai/gpt2',
  });
  const space = { event: { action: 'update', scope: 'repo' }, repo: { type: 'space', name: 'ns/x' } };
  expect(readHubPayload(space)).toBeUndefined();
});

const event = { action: 'update', scope: 'repo.content' };
const repo = { type: 'model', name: 'ns/x' };

test.each<[name: string, body: unknown]>([
  ['nothing', undefined],
  ['a text', 'push'],
  ['a list', [event]],
  ['no event', { repo }],
  ['no repo', { event }],
  ['a name that leaves its place', { event, repo: { ...repo, name: '../../etc' } }],
  ['a ref that is none', { event, repo, updatedRefs: [{ ref: 'main', oldSha: null, newSha: shaOf(1) }] }],
  ['a commit that is none', { event, repo, updatedRefs: [{ ref: 'refs/heads/main', newSha: 'abc' }] }],
  ['refs without end', { event, repo, updatedRefs: Array.from({ length: 1001 }, () => ({})) }],
])('%s is refused', (_, body) => {
  expect(() => readHubPayload(body)).toThrow(UsageError);
});

test('no body makes anything but a payload or a refusal', () => {
  const part = fc.option(
    fc.oneof(fc.jsonValue(), fc.dictionary(fc.constantFrom('id', 'num', 'ref', 'newSha'), fc.jsonValue())),
    {
      nil: undefined,
    },
  );
  const body = fc.oneof(
    fc.jsonValue(),
    fc.record({
      event: fc.oneof(fc.constant(event), part),
      repo: fc.oneof(fc.constant(repo), part),
      updatedRefs: fc.oneof(fc.array(part), part),
      discussion: part,
      comment: part,
      movedTo: part,
    }),
  );
  fc.assert(
    fc.property(body, (value) => {
      try {
        readHubPayload(value);
      } catch (error) {
        expect(error).toBeInstanceOf(UsageError);
      }
    }),
    { numRuns: 2000 },
  );
});
