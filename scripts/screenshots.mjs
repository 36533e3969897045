// Makes the pictures of the dashboard in docs/: a real service merges the example's models, and Chromium looks at it.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { ensureBuilt } from './build.mjs';
import { readArguments } from './read-arguments.mjs';

readArguments({ script: import.meta.url });
const root = fileURLToPath(new URL('..', import.meta.url));
const MOST_SECONDS = 600;
const DOMAINS = ['money', 'home', 'travel', 'office'];

/** A recipe over the example's specialists. */
function recipe(name, method, more = '') {
  return [
    `name: ${name}`,
    `merge_method: ${method}`,
    'base_model: hubfuse-examples/intents-base',
    'models:',
    ...DOMAINS.map((domain) => `  - hubfuse-examples/intents-${domain}`),
    'evaluate:',
    '  task: text-classification',
    '  limit: 300',
    '  datasets:',
    ...DOMAINS.map(
      (domain) =>
        `    - {name: ${domain}, from: hubfuse-examples/clinc150, dev: ${domain}/dev.jsonl, test: ${domain}/test.jsonl}`,
    ),
    more,
    '',
  ].join('\n');
}

const PUBLISHED = recipe(
  'support-intents',
  'pcb',
  'publish:\n  hub: {repo: you/support-intents, as: pull_request}\n  if: mean > best_parent and mean > base',
);

ensureBuilt();
const { startHubServer } = await import('@hubfuse/hub-server');
const { importExamples } = await import('./example-hub.mjs');
const { startExampleService } = await import('./example-service.mjs');
const folder = mkdtempSync(join(tmpdir(), 'hubfuse-screenshots-'));
await importExamples(join(folder, 'hub'));
const hub = await startHubServer({ folder: join(folder, 'hub') });
const server = await startExampleService({ hubUrl: hub.url, folder, token: 'hf_you' });
const browser = await chromium.launch({
  executablePath: process.env.HUBFUSE_CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox'],
});
try {
  await ask(`v1/recipes/support-intents`, { method: 'PUT', body: PUBLISHED, type: 'application/yaml' });
  const published = await ask('v1/runs', { method: 'POST', body: JSON.stringify({ stored: 'support-intents' }) });
  await ended(published.id);
  await picture({ hash: `#/runs/${published.id}`, name: 'dashboard-run', scheme: 'light', height: 1010 });
  await picture({
    hash: '#/recipes/support-intents',
    name: 'dashboard-recipe',
    scheme: 'dark',
    height: 860,
    wait: 'No mistakes',
  });
  await picture({ hash: '#/new', name: 'dashboard-merge', scheme: 'light', height: 980, wait: 'TIES-Merging' });
} finally {
  await browser.close();
  await server.close();
  await hub.close();
  rmSync(folder, { recursive: true, force: true });
}

async function ask(path, { method = 'GET', body, type = 'application/json' } = {}) {
  const response = await fetch(`${server.url}/${path}`, {
    method,
    ...(body === undefined ? {} : { body, headers: { 'content-type': type } }),
  });
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
  return await response.json();
}

async function ended(id) {
  for (let second = 0; second < MOST_SECONDS; second++) {
    const { state, error } = await ask(`v1/runs/${id}`);
    if (state === 'done') return;
    if (error !== undefined) throw new Error(`${id}: ${error.message}`);
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
  throw new Error(`${id} has not ended after ${MOST_SECONDS} s`);
}

async function picture({ hash, name, scheme, height, wait }) {
  const page = await browser.newPage({ viewport: { width: 1200, height }, colorScheme: scheme });
  await page.goto(`${server.url}/${hash}`);
  await page
    .getByText(wait ?? 'Scores against every parent')
    .first()
    .waitFor();
  await page.waitForLoadState('networkidle').catch(() => undefined);
  await page.screenshot({ path: join(root, 'docs', `${name}.png`) });
  await page.close();
}
