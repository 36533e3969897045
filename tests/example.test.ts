import { execFile, spawnSync } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';

vi.setConfig({ testTimeout: 240_000 });

const root = join(import.meta.dirname, '..');
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hubfuse-example-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** What `npm start` runs, over a part of the data and away from the checkout's own state. */
async function runExample(): Promise<string> {
  const script = join(import.meta.dirname, 'support/run-example.mjs');
  return (await promisify(execFile)(process.execPath, [script, folder], { cwd: root })).stdout;
}

test('the example ends with a table and a published model, and can be run again at once', async () => {
  const first = await runExample();
  for (const row of [
    'intents-money',
    'intents-base',
    'average',
    'task arithmetic lambda',
    'TIES lambda',
    'PCB lambda',
    '.* lambda 0\\.\\d, evolved',
  ]) {
    expect(first).toMatch(new RegExp(`^${row}.*  \\d+\\.\\d\\d$`, 'm'));
  }
  expect(first).toMatch(/^searched 2 generations: development \d+\.\d+ before, \d+\.\d+ after$/m);
  expect(first).toMatch(/^published: http:\/\/127\.0\.0\.1:\d+\/hubfuse-examples\/support-intents$/m);
  expect(await readdir(join(folder, 'support-intents'))).toEqual(
    expect.arrayContaining(['model.safetensors', 'README.md']),
  );

  const second = await runExample();
  const table = (text: string) => text.slice(text.indexOf('model '), text.indexOf('best on'));
  expect(table(second)).toBe(table(first));
  expect(second).toContain('published: ');
});

test('what npm start writes is ignored by git', () => {
  const ignored = spawnSync('git', ['check-ignore', '-q', '.hubfuse/hub'], { cwd: root });
  // A packed or copied tree has no repository to ask.
  expect([0, 128]).toContain(ignored.status);
});
