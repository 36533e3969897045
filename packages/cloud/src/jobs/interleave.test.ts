import { expect, test } from 'vitest';
import { interleave } from './interleave.ts';

test('a source that has nothing yet holds no other up, and each keeps its order', async () => {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  const late = async function* () {
    await opened;
    yield* ['late 1', 'late 2'];
  };
  const early = async function* () {
    yield* ['early 1', 'early 2'];
  };
  const seen: string[] = [];
  for await (const line of interleave([late(), early()])) {
    seen.push(line);
    if (line === 'early 2') open();
  }
  expect(seen).toEqual(['early 1', 'early 2', 'late 1', 'late 2']);
});

test('what a source fails with ends all', async () => {
  const broken = async function* (): AsyncGenerator<string> {
    yield 'a line';
    throw new Error('gone');
  };
  const silent = {
    [Symbol.asyncIterator]: () => ({ next: () => new Promise<IteratorResult<string>>(() => undefined) }),
  };
  const all = async () => {
    for await (const _ of interleave([silent, broken()]));
  };
  await expect(all()).rejects.toThrow('gone');
});
