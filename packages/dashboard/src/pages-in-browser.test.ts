import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CHROMIUM, findBarriers, launchBrowser, openPage, WHY_SKIPPED } from '../test/browser.ts';
import { type FixtureServer, startFixtureServer } from '../test/fixture-server.ts';

const PAGES = [
  { name: 'the list of runs', hash: '#/runs', shows: 'Show older runs' },
  { name: 'a run under way', hash: '#/runs/support-intents-live', shows: 'encoder.layer.4' },
  { name: 'a published run', hash: '#/runs/support-intents-done', shows: 'Scores against every parent' },
  { name: 'a run with a search whose gate is not met', hash: '#/runs/evolved-intents', shows: 'Steps up in figures' },
  { name: 'a run that failed', hash: '#/runs/broken-merge', shows: 'Accept them on its page' },
  { name: 'a run that does not exist', hash: '#/runs/nothing', shows: 'There is no run' },
  { name: 'a new merge', hash: '#/new', shows: 'TIES-Merging' },
  { name: 'the stored recipes', hash: '#/recipes', shows: 'Run now' },
  { name: 'a stored recipe', hash: '#/recipes/support-intents', shows: 'No mistakes' },
  { name: 'a new recipe', hash: '#/recipe', shows: 'Store it' },
  { name: 'an address that leads nowhere', hash: '#/nowhere', shows: 'There is no such page' },
] as const;

describe.skipIf(CHROMIUM === undefined)(`pages in Chromium${WHY_SKIPPED}`, () => {
  let browser: Browser;
  let server: FixtureServer;
  beforeAll(async () => {
    server = await startFixtureServer();
    browser = await launchBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });

  test.each(PAGES.flatMap((page) => (['light', 'dark'] as const).map((scheme) => ({ ...page, scheme }))))(
    '$name, $scheme: axe finds nothing, the policy holds, no other server is asked, and it fits',
    async ({ hash, shows, scheme }) => {
      const { page, context, foreign, complaints, violations } = await openPage({
        browser,
        url: server.url,
        hash,
        scheme,
      });
      await page.getByText(shows).first().waitFor();
      if (hash.startsWith('#/recipes/') || hash === '#/recipe')
        await page.getByRole('textbox', { name: 'Recipe, YAML' }).waitFor();
      expect(await findBarriers(page)).toEqual([]);
      expect(await violations()).toEqual([]);
      expect(foreign).toEqual([]);
      expect(complaints).toEqual([]);
      for (const width of [1200, 420]) {
        await page.setViewportSize({ width, height: 860 });
        expect(
          await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth'),
        ).toBeLessThanOrEqual(0);
      }
      await context.close();
    },
  );

  test('lists that have nothing say what would be there and how it comes there', async () => {
    server.empty(true);
    const { page, context } = await openPage({ browser, url: server.url, hash: '#/runs' });
    await page.getByRole('heading', { name: 'Nothing has been merged yet' }).waitFor();
    expect(await findBarriers(page)).toEqual([]);
    await page.getByRole('link', { name: 'Recipes' }).click();
    await page.getByRole('heading', { name: 'No recipe is stored' }).waitFor();
    expect(await findBarriers(page)).toEqual([]);
    server.empty(false);
    await context.close();
  });

  test('a reader may choose the colours against the system, and the choice stays', async () => {
    const { page, context } = await openPage({ browser, url: server.url, hash: '#/runs' });
    const ground = () => page.evaluate('getComputedStyle(document.body).backgroundColor');
    const light = await ground();
    await page.getByRole('button', { name: 'Use dark colours' }).click();
    const dark = await ground();
    expect(dark).not.toBe(light);
    await page.reload();
    await page.getByRole('heading', { name: 'Runs' }).waitFor();
    expect(await ground()).toBe(dark);
    await context.close();
  });

  test('the list is filtered and goes on where it ended', async () => {
    const { page, context } = await openPage({ browser, url: server.url, hash: '#/runs' });
    await page.getByRole('button', { name: 'Show older runs' }).click();
    await page.getByRole('link', { name: 'stopped-merge' }).waitFor();
    await page.getByRole('radio', { name: 'Failed' }).check();
    await page.getByRole('link', { name: 'broken-merge' }).waitFor();
    await expect.poll(() => page.locator('.row').count()).toBe(1);
    await page.getByRole('searchbox').fill('nobody/nothing');
    await page.getByRole('heading', { name: 'No run matches' }).waitFor();
    await context.close();
  });

  test('another page takes the focus to its heading', async () => {
    const { page, context } = await openPage({ browser, url: server.url, hash: '#/runs' });
    await page.getByRole('link', { name: 'broken-merge' }).press('Enter');
    const heading = page.getByRole('heading', { level: 1, name: 'broken-merge' });
    await heading.waitFor();
    await expect.poll(() => heading.evaluate((element) => element === element.ownerDocument.activeElement)).toBe(true);
    expect(await page.title()).toBe('broken-merge · hubfuse');
    await context.close();
  });
});
