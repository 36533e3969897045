import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CHROMIUM, findBarriers, launchBrowser, openPage, WHY_SKIPPED } from '../test/browser.ts';
import { FIXTURE_CSRF, FIXTURE_KEY, type FixtureServer, startFixtureServer } from '../test/fixture-server.ts';

describe.skipIf(CHROMIUM === undefined)(`signing in in Chromium${WHY_SKIPPED}`, () => {
  let browser: Browser;
  let server: FixtureServer;
  beforeAll(async () => {
    server = await startFixtureServer();
    server.requireKey(true);
    browser = await launchBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });

  test.each(['light', 'dark'] as const)('the page has no barrier, %s', async (scheme) => {
    const { page, context, violations } = await openPage({ browser, url: server.url, hash: '#/runs', scheme });
    await page.getByLabel('Key').waitFor();
    expect(await findBarriers(page)).toEqual([]);
    expect(await violations()).toEqual([]);
    await context.close();
  });

  test('where accounts of the Hub sign in there is a button for it, and the key stays', async () => {
    server.offerHuggingFace(true);
    const { page, context, violations } = await openPage({ browser, url: server.url, hash: '#/runs' });
    const button = page.getByRole('link', { name: 'Sign in with Hugging Face' });
    await button.waitFor();
    expect(await button.getAttribute('href')).toBe('login/huggingface');
    expect(await page.getByLabel('Key').isVisible()).toBe(true);
    expect(await findBarriers(page)).toEqual([]);
    expect(await violations()).toEqual([]);
    server.offerHuggingFace(false);
    await context.close();
  });

  test('a key that is none is refused with what to do; a good one opens the page that was asked for', async () => {
    const { page, context } = await openPage({ browser, url: server.url, hash: '#/runs/stopped-merge' });
    await page.getByLabel('Key').fill('hfk_wrong');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByText('The server does not know this key.').waitFor();
    await page.getByLabel('Key').fill(FIXTURE_KEY);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: 'stopped-merge' }).waitFor();

    // No script can read the cookie, and the key lies nowhere.
    const kept = await page.evaluate(
      'JSON.stringify([location.href, document.cookie, { ...localStorage }, { ...sessionStorage }, document.documentElement.outerHTML])',
    );
    expect(kept).not.toContain(FIXTURE_KEY);
    expect(kept).not.toContain('signed-in');
    const [cookie] = await context.cookies();
    expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Strict' });

    // The word against forged requests survives a reload, and goes along with what changes something.
    await page.reload();
    await page.getByRole('button', { name: 'Retry' }).click();
    await expect.poll(() => server.changes.at(-1)?.path).toBe('/v1/runs/stopped-merge/retry');
    expect(server.changes.at(-1)?.headers['x-csrf-token']).toBe(FIXTURE_CSRF);

    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByLabel('Key').waitFor();
    expect(await context.cookies()).toEqual([]);
    await context.close();
  });

  test('a session that ends under way leads to signing in, and back', async () => {
    const { page, context } = await openPage({ browser, url: server.url, hash: '#/recipes' });
    await page.getByLabel('Key').fill(FIXTURE_KEY);
    await page.keyboard.press('Enter');
    await page.getByRole('link', { name: 'support-intents' }).waitFor();
    await context.clearCookies();
    await page.getByRole('link', { name: 'Runs' }).click();
    await page.getByLabel('Key').fill(FIXTURE_KEY);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: 'Runs' }).waitFor();
    await context.close();
  });
});
