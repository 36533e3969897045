import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { CHROMIUM, findBarriers, launchBrowser, openPage, WHY_SKIPPED } from '../test/browser.ts';
import { type FixtureServer, startFixtureServer } from '../test/fixture-server.ts';

const LIVE = 'support-intents-live';

describe.skipIf(CHROMIUM === undefined)(`runs in Chromium${WHY_SKIPPED}`, () => {
  let browser: Browser;
  let server: FixtureServer;
  beforeAll(async () => {
    browser = await launchBrowser();
  });
  beforeEach(async () => {
    server = await startFixtureServer();
  });
  afterEach(() => server.close());
  afterAll(() => browser?.close());

  const bar = (page: Page) => page.getByLabel('Progress').getByRole('progressbar').getAttribute('aria-valuenow');

  test('progress and events are shown as they happen, and a run that ends is shown ended', async () => {
    const { page, context } = await openPage({ browser, url: server.url, hash: `#/runs/${LIVE}` });
    await page.getByText('Live', { exact: true }).waitFor();
    server.progress(LIVE, { phase: 'merge', label: 'encoder.layer.11', done: 78, total: 104, unit: 'steps' });
    await page.getByText('encoder.layer.11').waitFor();
    expect(await bar(page)).toBe('75');
    server.change(LIVE, { state: 'done', progress: undefined });
    server.tell(LIVE, { type: 'done', published: true });
    await page.getByText('Done', { exact: true }).first().waitFor();
    await expect.poll(() => page.getByRole('progressbar').count()).toBe(0);
    await context.close();
  });

  test('a connection that breaks is made again: no event is lost, and none is shown twice', async () => {
    const { page, context, complaints } = await openPage({ browser, url: server.url, hash: `#/runs/${LIVE}` });
    await page.getByText('Live', { exact: true }).waitFor();
    server.cutStreams();
    await page.getByText('Connection lost, trying again').waitFor();
    server.tell(LIVE, { type: 'warning', code: 'a/b', message: 'said while nobody listened' });
    await page.getByText('Said while nobody listened').waitFor();
    server.tell(LIVE, { type: 'warning', code: 'a/b', message: 'said to the new connection' });
    await page.getByText('Said to the new connection').waitFor();
    for (const text of ['Said while nobody listened', 'Said to the new connection', 'Started']) {
      expect(await page.getByText(text, { exact: true }).count(), text).toBe(1);
    }
    expect(complaints).toEqual([]);
    await context.close();
  });

  test('the list moves with a run under way', async () => {
    const { page, context } = await openPage({ browser, url: server.url, hash: '#/runs' });
    const row = page.getByRole('progressbar', { name: 'Merge of support-intents' });
    await row.waitFor();
    await expect
      .poll(() => {
        server.progress(LIVE, { phase: 'merge', label: 'pooler', done: 91, total: 104, unit: 'steps' });
        return row.getAttribute('aria-valuenow');
      })
      .toBe('88');
    await context.close();
  });

  test('scores stand against every parent, with the difference, and the gate shows its figures', async () => {
    const { page, context } = await openPage({ browser, url: server.url, hash: '#/runs/support-intents-done' });
    const row = page.getByRole('row', { name: /intents-money/ }).first();
    await row.waitFor();
    expect(await row.getByRole('cell').allTextContents()).toEqual(['92.80', '40.50', '38.10', '57.13', '+32.70']);
    await page.getByRole('radio', { name: 'Development' }).check();
    expect(await row.getByRole('cell').allTextContents()).toEqual(['93.40', '41.20', '38.80', '57.80', '+32.63']);
    await page.getByText('mean 90.40 > best_parent 57.80').waitFor();
    await page.getByText('mean − published: +1.23 points, 95 % interval +0.41 to +2.05').waitFor();
    await page.getByRole('link', { name: 'you/support-intents/discussions/4' }).waitFor();
    expect(await page.getByRole('link', { name: 'model.safetensors' }).getAttribute('href')).toBe(
      `${server.url}v1/runs/support-intents-done/artefacts/model.safetensors`,
    );
    await context.close();
  });

  test('the course of a search is drawn in the colours of the page and said in figures', async () => {
    const { page, context } = await openPage({ browser, url: server.url, hash: '#/runs/evolved-intents' });
    const plot = page.getByRole('img', { name: /Best development score by candidate/ });
    await plot.locator('canvas').waitFor();
    const painted = await plot.locator('canvas').evaluate((element) => {
      const canvas = element as unknown as {
        width: number;
        height: number;
        getContext(kind: '2d'): { getImageData(...box: number[]): { data: Uint8ClampedArray } };
      };
      const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
      let ember = 0;
      for (let at = 0; at < data.length; at += 4)
        if ((data[at] ?? 0) > 220 && (data[at + 1] ?? 0) < 130 && (data[at + 2] ?? 0) < 80 && (data[at + 3] ?? 0) > 200)
          ember++;
      return ember;
    });
    expect(painted).toBeGreaterThan(300);
    await page.getByText('Steps up in figures').click();
    expect(await page.getByRole('row', { name: /^Start – 74.20/ }).count()).toBe(1);
    await context.close();
  });

  test('cancelling asks once more; retrying, publishing and deleting ask the service', async () => {
    const { page, context } = await openPage({ browser, url: server.url, hash: `#/runs/${LIVE}` });
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Keep it' }).click();
    expect(server.changes).toEqual([]);
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.getByRole('button', { name: 'Cancel the run' }).click();
    await page.getByText('Cancelled', { exact: true }).first().waitFor();
    await page.getByRole('button', { name: 'Retry', exact: true }).click();
    await page.getByText('Queued').first().waitFor();
    await page.goto(`${server.url}#/runs/evolved-intents`);
    await page.getByRole('button', { name: 'Publish anyway' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Publish', exact: true }).click();
    await page.getByText('Publishing').first().waitFor();
    await page.goto(`${server.url}#/runs/stopped-merge`);
    await page.getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('heading', { level: 1, name: 'Runs' }).waitFor();
    expect(server.changes.map(({ method, path }) => `${method} ${path}`)).toEqual([
      `POST /v1/runs/${LIVE}/cancel`,
      `POST /v1/runs/${LIVE}/retry`,
      'POST /v1/runs/evolved-intents/publish',
      'DELETE /v1/runs/stopped-merge',
    ]);
    await context.close();
  });

  test('a run that needs a token of the caller again says so, takes it and sends it, and keeps it nowhere', async () => {
    const { page, context, complaints } = await openPage({ browser, url: server.url, hash: '#/runs/stopped-merge' });
    server.wantToken(true);
    await page.getByRole('button', { name: 'Retry', exact: true }).click();
    await page.getByRole('alert').getByText('send the token again', { exact: false }).waitFor();
    // The place for it opens by itself.
    await page.getByLabel('Your own Hub token').fill('hf_mineAlone');
    expect(await findBarriers(page)).toEqual([]);
    await page.getByRole('button', { name: 'Retry with this token' }).click();
    await page.getByText('Queued').first().waitFor();
    expect(server.changes.map(({ headers }) => headers['x-hf-token'])).toEqual([undefined, 'hf_mineAlone']);
    const kept = await page.evaluate(() => {
      const { localStorage, sessionStorage, location } = globalThis as unknown as Record<string, unknown>;
      return JSON.stringify([localStorage, sessionStorage, String(location)]);
    });
    expect(kept).not.toContain('hf_mineAlone');
    expect(complaints).toEqual([]);
    await context.close();
  });
});
