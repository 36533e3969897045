import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { CHROMIUM, findBarriers, launchBrowser, openPage, WHY_SKIPPED } from '../test/browser.ts';
import { type FixtureServer, startFixtureServer } from '../test/fixture-server.ts';

const STORED = '#/recipes/support-intents';

describe.skipIf(CHROMIUM === undefined)(`recipes in Chromium${WHY_SKIPPED}`, () => {
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

  const editor = (page: Page) => page.getByRole('textbox', { name: 'Recipe, YAML' });

  /** By pasting, as a person does it. */
  async function replaceText(page: Page, text: string): Promise<void> {
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await page.evaluate((copied) => {
      type Clipboard = { writeText(text: string): Promise<void> };
      const { navigator } = globalThis as unknown as { navigator: { clipboard: Clipboard } };
      return navigator.clipboard.writeText(copied);
    }, text);
    await editor(page).click();
    await page.keyboard.press('Control+A');
    await page.keyboard.press('Control+V');
  }

  test('the editor proposes what the schema knows for the place, and takes it', async () => {
    const { page, context, complaints, violations } = await openPage({ browser, url: server.url, hash: '#/recipe' });
    await editor(page).waitFor();
    await replaceText(page, 'merge_method: ties\nmodels: [a/b, c/d]\nparameters:\n  den');
    await page.keyboard.press('Control+Space');
    const choice = page.getByRole('option', { name: /^density/ });
    await choice.waitFor();
    expect(await page.getByRole('option', { name: /ratio/ }).count()).toBe(0);
    // A list that has just come up takes no key: whoever was typing meant the text.
    await page.waitForTimeout(200);
    await page.keyboard.press('Enter');
    await expect.poll(() => editor(page).locator('.cm-line').last().textContent()).toBe('  density: ');
    await replaceText(page, 'merge_method: evol');
    await page.keyboard.press('Control+Space');
    await page.getByRole('option', { name: /^evolver/ }).waitFor();
    expect(complaints).toEqual([]);
    expect(await violations()).toEqual([]);
    await context.close();
  });

  test('mistakes are marked in the text as it is typed, listed, and gone to', async () => {
    const { page, context } = await openPage({ browser, url: server.url, hash: STORED });
    await page.getByText('No mistakes').waitFor();
    await replaceText(page, 'name: x\nmerge_method: lineer\nmodels:\n  - a/b\n  - nothing\n');
    await page.getByText('2 found').waitFor();
    const finding = page.getByRole('button', { name: /there is no merge method "lineer"/i });
    await expect
      .poll(() => editor(page).locator('.cm-lintRange-error').allTextContents())
      .toEqual(['lineer', 'nothing']);
    expect(await findBarriers(page)).toEqual([]);
    await finding.click();
    await page.keyboard.press('Control+Delete');
    await page.keyboard.type('linear');
    await page.keyboard.press('Escape');
    await page.getByText('1 found').waitFor();
    expect(await editor(page).locator('.cm-line').nth(1).textContent()).toBe('merge_method: linear');
    await context.close();
  });

  test('Tab leaves the editor', async () => {
    const { page, context } = await openPage({ browser, url: server.url, hash: '#/recipe' });
    await editor(page).click();
    await page.keyboard.press('Tab');
    await expect.poll(() => page.evaluate('document.activeElement.shadowRoot === null')).toBe(true);
    await context.close();
  });

  test('saving says which version was edited; what somebody else saved meanwhile is not overwritten unasked', async () => {
    const { page, context } = await openPage({ browser, url: server.url, hash: STORED });
    await page.getByText('No mistakes').waitFor();
    const text = 'name: mine\nmerge_method: linear\nmodels:\n  - a/b\n  - c/d\n';
    await replaceText(page, text);
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('support-intents was saved.').waitFor();
    expect(server.changes.at(-1)).toMatchObject({
      method: 'PUT',
      body: text,
      headers: { 'if-match': '"1"', 'content-type': 'application/yaml' },
    });

    await fetch(`${server.url}v1/recipes/support-intents`, {
      method: 'PUT',
      body: text,
      headers: { 'if-match': '"2"' },
    });
    await replaceText(page, `${text}seed: 3\n`);
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('is another version by now').waitFor();
    await page.getByRole('button', { name: 'Overwrite it with this' }).click();
    await expect.poll(() => server.changes.at(-1)?.headers['if-match']).toBe('"3"');
    expect(server.changes.at(-1)?.body).toBe(`${text}seed: 3\n`);
    await context.close();
  });

  test('a new recipe is stored under a name that must be free', async () => {
    const { page, context } = await openPage({ browser, url: server.url, hash: '#/recipe' });
    await editor(page).waitFor();
    await page.getByLabel('Name').fill('fresh');
    await page.getByRole('button', { name: 'Store', exact: true }).click();
    await page.getByRole('heading', { level: 1, name: 'fresh' }).waitFor();
    expect(server.changes).toMatchObject([
      { method: 'PUT', path: '/v1/recipes/fresh', headers: { 'if-none-match': '*' } },
    ]);
    await page.getByRole('link', { name: 'Recipes' }).click();
    await page.getByRole('button', { name: 'Run now: fresh' }).click();
    await page.getByRole('heading', { level: 1, name: 'started' }).waitFor();
    expect(JSON.parse(server.changes.at(-1)?.body ?? '')).toEqual({ stored: 'fresh' });
    await context.close();
  });

  test('what was edited and not saved is there after a look at another page, until it is discarded', async () => {
    const { page, context } = await openPage({ browser, url: server.url, hash: STORED });
    await page.getByText('No mistakes').waitFor();
    await replaceText(page, 'merge_method: linear\nmodels: [edited/one, c/d]\n');
    await page.getByText('Edited, not saved').waitFor();
    await page.getByRole('link', { name: 'Runs' }).click();
    await page.getByRole('heading', { level: 1, name: 'Runs' }).waitFor();
    await page.goBack();
    await page.getByText('edited/one').waitFor();
    await page.getByRole('button', { name: 'Discard changes' }).click();
    await page.getByText('Stored; runs by itself.').waitFor();
    await expect.poll(() => editor(page).getByText('pcb').count()).toBe(1);
    await context.close();
  });
});
