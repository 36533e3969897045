import { expect, test } from 'vitest';
import { streamLines } from './stream-lines.ts';

const text = async (body: ReadableStream<Uint8Array>) => await new Response(body).text();

test('lines are sent while more are being written', async () => {
  let go: () => void = () => undefined;
  const going = new Promise<void>((resolve) => {
    go = resolve;
  });
  const lines = async function* () {
    yield 'one';
    await going;
    yield 'two';
  };
  const reader = (await streamLines(lines())).getReader();
  expect(new TextDecoder().decode((await reader.read()).value)).toBe('one\n');
  go();
  expect(new TextDecoder().decode((await reader.read()).value)).toBe('two\n');
  expect((await reader.read()).done).toBe(true);
});

test('nothing at all is an empty body, a late first line is waited for within it, and what cannot be read is refused before', async () => {
  const none = async function* (): AsyncGenerator<string> {};
  expect(await text(await streamLines(none()))).toBe('');
  const late = async function* () {
    await new Promise((resolve) => setTimeout(resolve, 20));
    yield 'late';
  };
  expect(await text(await streamLines(late(), 1))).toBe('late\n');
  const broken = { [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(new Error('no such job')) }) };
  await expect(streamLines(broken)).rejects.toThrow('no such job');
});

test('a reader that goes away ends the source', async () => {
  let ended = false;
  const endless = async function* () {
    try {
      for (;;) yield 'line';
    } finally {
      ended = true;
    }
  };
  const reader = (await streamLines(endless())).getReader();
  await reader.read();
  await reader.cancel();
  expect(ended).toBe(true);
});
