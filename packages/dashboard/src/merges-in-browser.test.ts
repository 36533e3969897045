import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CHROMIUM, findBarriers, launchBrowser, openPage, WHY_SKIPPED } from '../test/browser.ts';
import { type FixtureServer, startFixtureServer } from '../test/fixture-server.ts';

/** Presses of a key after which a test gives up looking for something. */
const MOST_PRESSES = 60;

describe.skipIf(CHROMIUM === undefined)(`a merge by pasting addresses in Chromium${WHY_SKIPPED}`, () => {
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

  /** The accessible name, as far as the elements of these pages have one. */
  const focused = (page: Page) =>
    page.evaluate(() => {
      const { activeElement } = (
        globalThis as unknown as {
          document: {
            activeElement: {
              textContent: string;
              labels?: { textContent: string }[];
              getAttribute(name: string): string | null;
            };
          };
        }
      ).document;
      return (
        activeElement.getAttribute('aria-label') ?? activeElement.labels?.[0]?.textContent ?? activeElement.textContent
      );
    });

  async function pressUntil(page: Page, key: string, name: RegExp): Promise<void> {
    for (let press = 0; press < MOST_PRESSES; press++) {
      if (name.test(await focused(page))) return;
      await page.keyboard.press(key);
    }
    throw new Error(`${MOST_PRESSES} presses of ${key} do not lead to ${name}`);
  }

  test('goes from the list of runs to a run by keyboard alone', async () => {
    const { page, context, complaints, violations } = await openPage({ browser, url: server.url, hash: '#/runs' });
    await context.grantPermissions(['clipboard-read', 'clipboard-write']);
    await page.getByRole('heading', { name: 'Runs' }).waitFor();
    await pressUntil(page, 'Tab', /^New merge$/);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'New merge' }).waitFor();
    await page.getByText('PCB-Merging').waitFor();
    await pressUntil(page, 'Tab', /^Model 1$/);
    await page.evaluate(() =>
      (
        globalThis as unknown as { navigator: { clipboard: { writeText(text: string): Promise<void> } } }
      ).navigator.clipboard.writeText(
        'https://huggingface.co/hubfuse-examples/intents-money\nhubfuse-examples/intents-home\nhubfuse-examples/intents-travel',
      ),
    );
    await page.keyboard.press('Control+V');
    await page.getByRole('textbox', { name: 'Model 3', exact: true }).waitFor();
    expect(await focused(page)).toBe('Model 3');
    await pressUntil(page, 'Tab', /^Linear/);
    await pressUntil(page, 'ArrowDown', /^TIES-Merging/);
    await pressUntil(page, 'Tab', /^Base model$/);
    await page.keyboard.type('hubfuse-examples/intents-base');
    await pressUntil(page, 'Tab', /^density$/);
    await page.keyboard.type('0.3');
    await pressUntil(page, 'Tab', /^Show the plan$/);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'What it would do' }).waitFor();
    await expect.poll(() => focused(page)).toBe('What it would do');
    expect(await findBarriers(page)).toEqual([]);
    await pressUntil(page, 'Tab', /^Start this merge$/);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: 'started' }).waitFor();
    await expect.poll(() => focused(page)).toBe('started');
    const [start] = server.changes;
    expect(`${start?.method} ${start?.path}`).toBe('POST /v1/runs');
    expect(start?.headers['idempotency-key']).toMatch(/^[0-9a-f-]{36}$/);
    expect(JSON.parse(start?.body ?? '')).toEqual({
      recipe: {
        merge_method: 'ties',
        base_model: 'hubfuse-examples/intents-base',
        models: [
          'https://huggingface.co/hubfuse-examples/intents-money',
          'hubfuse-examples/intents-home',
          'hubfuse-examples/intents-travel',
        ],
        parameters: { density: 0.3 },
      },
    });
    expect(complaints).toEqual([]);
    expect(await violations()).toEqual([]);
    await context.close();
  });

  test('says what is wrong beside the field that it is wrong with', async () => {
    const { page, context } = await openPage({ browser, url: server.url, hash: '#/new' });
    await page.getByRole('textbox', { name: 'Model 1', exact: true }).fill('a/b');
    const second = page.getByRole('textbox', { name: 'Model 2', exact: true });
    await second.fill('nothing');
    await page.getByRole('button', { name: 'Show the plan' }).click();
    await page.getByRole('alert').waitFor();
    expect(await second.getAttribute('aria-invalid')).toBe('true');
    const described = await second.getAttribute('aria-describedby');
    expect(await page.locator(`[id="${described}"]`).textContent()).toBe('"nothing" is no model of the Hub.');
    expect(await findBarriers(page)).toEqual([]);
    await context.close();
  });

  test('goes on in YAML with what was filled in', async () => {
    const { page, context } = await openPage({ browser, url: server.url, hash: '#/new' });
    await page.getByRole('textbox', { name: 'Model 1', exact: true }).fill('a/b');
    await page.getByRole('textbox', { name: 'Model 2', exact: true }).fill('c/d');
    await page.getByRole('button', { name: 'A value for each model' }).first().click();
    await page.getByRole('textbox', { name: /^d$/ }).fill('0.7');
    await page.getByRole('button', { name: 'Go on in YAML' }).click();
    const editor = page.getByRole('textbox', { name: 'Recipe, YAML' });
    await editor.waitFor();
    expect((await editor.locator('.cm-line').allTextContents()).join('\n')).toBe(
      'merge_method: linear\nmodels:\n  - a/b\n  - model: c/d\n    parameters:\n      weight: 0.7\n',
    );
    await context.close();
  });
});
