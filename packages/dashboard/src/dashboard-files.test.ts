import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { dashboardFiles } from './dashboard-files.ts';

/** Bytes that a browser may have to load for all pages together, compressed. */
const MOST_BYTES = 400_000;

test('the page and everything that it names is there, each with the type that browsers ask for', async () => {
  const files = await dashboardFiles();
  const page = files.get('/');
  expect(page?.contentType).toBe('text/html; charset=utf-8');
  expect(page?.immutable).toBe(false);
  const html = new TextDecoder().decode(page?.body);
  const named = [...html.matchAll(/(?:src|href)="\.([^"]+)"/g)].map(([, path]) => path ?? '');
  expect(named.length).toBeGreaterThan(3);
  for (const path of named) expect(files.get(path), path).toMatchObject({ immutable: true });
});

test('all that is served stays small', async () => {
  const files = await dashboardFiles();
  let bytes = 0;
  for (const [path, { body }] of files) if (path !== '/licences.txt') bytes += gzipSync(body, { level: 9 }).length;
  expect(bytes).toBeGreaterThan(10_000);
  expect(bytes).toBeLessThan(MOST_BYTES);
});

test('names of what may be cached for ever hold a hash, and nothing names another server', async () => {
  for (const [path, { body, contentType, immutable }] of await dashboardFiles()) {
    if (immutable) expect(path).toMatch(/^\/assets\/[\w-]+-[A-Z0-9]{8}\.\w+$/);
    if (/html|css/.test(contentType))
      expect(new TextDecoder().decode(body)).not.toMatch(/(?:src|href|url)[=(]"?https?:/);
  }
});

test('the licences of what is bundled go with it', async () => {
  const text = new TextDecoder().decode((await dashboardFiles()).get('/licences.txt')?.body);
  for (const name of ['preact', '@fontsource-variable/geist']) expect(text).toContain(name);
  expect(text).toContain('SIL Open Font License');
});
