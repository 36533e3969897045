import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CHROMIUM, findBarriers, launchBrowser, openPage, WHY_SKIPPED } from '../../packages/dashboard/test/browser.ts';
import { startExampleService } from '../../scripts/example-service.mjs';
import { type ExampleHub, startExampleHub } from '../support/example-hub.ts';

describe.skipIf(CHROMIUM === undefined)(`the dashboard of a real service in Chromium${WHY_SKIPPED}`, () => {
  let hub: ExampleHub;
  let server: Awaited<ReturnType<typeof startExampleService>>;
  let browser: Browser;

  beforeAll(async () => {
    hub = await startExampleHub();
    server = await startExampleService({ hubUrl: hub.url, folder: hub.work });
    browser = await launchBrowser();
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    await server?.close();
    await hub?.close();
  });

  const model = (name: string) => `${hub.url}/hubfuse-examples/intents-${name}`;

  test('addresses are pasted, planned, merged and scored, and the run is followed to its end', async () => {
    const url = `${server.url}/`;
    const { page, context, complaints, foreign, violations } = await openPage({ browser, url, hash: '#/new' });
    await page.getByRole('textbox', { name: 'Model 1', exact: true }).fill(model('money'));
    await page.getByRole('textbox', { name: 'Model 2', exact: true }).fill(model('home'));
    await page.getByRole('button', { name: 'Add a dataset' }).click();
    await page.getByLabel('Name', { exact: true }).fill('money');
    const data = `${hub.url}/datasets/hubfuse-examples/clinc150/blob/main/money`;
    await page.getByLabel('Development file').fill(`${data}/dev.jsonl`);
    await page.getByLabel('Test file').fill(`${data}/test.jsonl`);
    await page.getByLabel('Name of the merge').fill('by-hand');
    await page.getByRole('button', { name: 'Show the plan' }).click();
    await page.getByRole('heading', { name: 'What it would do' }).waitFor();
    await page.getByRole('row', { name: /hubfuse-examples\/intents-home/ }).waitFor();
    await page.getByRole('button', { name: 'Start this merge' }).click();
    await page.getByRole('heading', { level: 1, name: 'by-hand' }).waitFor();
    await page.getByRole('status').filter({ hasText: 'Done' }).waitFor({ timeout: 150_000 });
    await page.getByRole('heading', { name: 'Scores against every parent' }).waitFor();
    expect(await page.getByRole('row', { name: /intents-money/ }).count()).toBeGreaterThan(0);
    await page.getByRole('link', { name: 'model.safetensors' }).first().waitFor();
    expect(await findBarriers(page)).toEqual([]);
    await page.getByRole('link', { name: 'Runs' }).click();
    await page.getByRole('link', { name: 'by-hand' }).waitFor();
    expect(await findBarriers(page)).toEqual([]);
    expect(complaints).toEqual([]);
    expect(foreign).toEqual([]);
    expect(await violations()).toEqual([]);
    await context.close();
  }, 240_000);

  test('a recipe is written, its mistakes shown where the service finds them, and stored', async () => {
    const { page, context, complaints, violations } = await openPage({
      browser,
      url: `${server.url}/`,
      hash: '#/recipe',
    });
    const editor = page.getByRole('textbox', { name: 'Recipe, YAML' });
    await editor.waitFor();
    const models = 'models: [hubfuse-examples/intents-money, hubfuse-examples/intents-home]\n';
    await pasteOver(page, `merge_method: lineer\n${models}`);
    await expect.poll(() => editor.locator('.cm-lintRange-error').allTextContents()).toEqual(['lineer']);
    await page.getByText('1 found').waitFor();
    await pasteOver(page, `merge_method: linear\n${models}`);
    await page.getByText('No mistakes').waitFor();
    await page.getByLabel('Name', { exact: true }).fill('stored-here');
    await page.getByRole('button', { name: 'Store', exact: true }).click();
    await page.getByRole('heading', { level: 1, name: 'stored-here' }).waitFor();
    await page.getByRole('link', { name: 'Recipes' }).click();
    await page.getByRole('link', { name: 'stored-here' }).waitFor();
    expect(await findBarriers(page)).toEqual([]);
    expect(complaints).toEqual([]);
    expect(await violations()).toEqual([]);
    await context.close();
  });
});

/** Replaces the text of the editor by pasting. */
async function pasteOver(page: Page, text: string): Promise<void> {
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await page.evaluate((copied) => {
    type Clipboard = { writeText(text: string): Promise<void> };
    const { navigator } = globalThis as unknown as { navigator: { clipboard: Clipboard } };
    return navigator.clipboard.writeText(copied);
  }, text);
  await page.getByRole('textbox', { name: 'Recipe, YAML' }).click();
  await page.keyboard.press('Control+A');
  await page.keyboard.press('Control+V');
}
