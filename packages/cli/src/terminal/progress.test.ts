import { expect, test } from 'vitest';
import { Progress } from './progress.ts';

function record(columns?: number) {
  const state = { text: '', now: 0 };
  const progress = new Progress({
    write: (text) => {
      state.text += text;
    },
    now: () => state.now,
    ...(columns === undefined ? {} : { columns }),
  });
  return { state, progress };
}

test('without a terminal, progress is a few plain lines without control characters', () => {
  const { state, progress } = record();
  for (let done = 0; done <= 100; done++) {
    state.now += 100;
    progress.update({ label: 'download a', done: done * 1000, total: 100_000, unit: 'bytes' });
  }
  progress.finish();
  expect(state.text.split('\n')).toEqual([
    'download a  50 %  50.0 KB of 100 KB',
    'download a  100 %  100 KB of 100 KB',
    'download a  100 KB  10 s',
    '',
  ]);
});

test('on a terminal, a bar is redrawn in place and its last state stays', () => {
  const { state, progress } = record(120);
  progress.update({ label: 'merge', done: 0, total: 4, unit: 'steps' });
  state.now = 2000;
  progress.update({ label: 'merge', done: 2, total: 4, unit: 'steps' });
  expect(state.text).toContain(`${'━'.repeat(12)}${'─'.repeat(12)} merge  50 %  2.0 s left`);
  progress.finish();
  expect(state.text.endsWith('\r\x1b[2Kmerge  2  2.0 s\n')).toBe(true);
});

test('a bar never is wider than the terminal', () => {
  const { state, progress } = record(40);
  progress.update({ label: 'x'.repeat(200), done: 1, total: 2, unit: 'steps' });
  expect(state.text.replace('\r\x1b[2K', '').length).toBeLessThan(40);
});

test('where a line is too long for the terminal, the bar and the count go before the note and the time', () => {
  const { state, progress } = record(80);
  const note = 'generation 3/15  best 86.2 %  mean 84.0 %  41 % saved';
  progress.update({ label: 'search', done: 0, total: 60, unit: 'candidates', note });
  state.now = 60_000;
  progress.update({ label: 'search', done: 20, total: 60, unit: 'candidates', note });
  expect(state.text).toMatch(/generation 3\/15 {2}best 86\.2 % {2}mean 84\.0 % {2}41 % saved {2}2 min 00 s left$/);
});

test('another label ends the work before', () => {
  const { state, progress } = record();
  progress.update({ label: 'a', done: 0, unit: 'steps' });
  progress.update({ label: 'b', done: 0, unit: 'steps' });
  expect(state.text).toBe('a  0.0 s\n');
});

test('parts of one piece of work that take turns are one line', () => {
  const { state, progress } = record();
  for (const detail of ['a.json', 'b.json', 'a.json']) {
    progress.update({ label: 'fetch', detail, done: 500, total: 1000, unit: 'bytes' });
  }
  progress.finish();
  expect(state.text).toBe('fetch  500 B  0.0 s\n');
});
