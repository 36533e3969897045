import { existsSync } from 'node:fs';
import axe from 'axe-core';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';

/** Where Debian's package and others put it; HUBFUSE_CHROMIUM names another one. */
export const CHROMIUM = [
  process.env.HUBFUSE_CHROMIUM,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
].find((path) => path !== undefined && path !== '' && existsSync(path));

/** What the name of a group of tests says where they cannot run. */
export const WHY_SKIPPED =
  CHROMIUM === undefined ? ' (skipped: Chromium is not installed; apt-get install chromium)' : '';

export function launchBrowser(): Promise<Browser> {
  return chromium.launch({
    ...(CHROMIUM === undefined ? {} : { executablePath: CHROMIUM }),
    // Pages of our own; the sandbox needs rights that containers do not give.
    args: ['--no-sandbox'],
  });
}

/** A page of the dashboard, and everything about it that must not happen. */
export interface OpenPage {
  page: Page;
  context: BrowserContext;
  /** Addresses of other servers that the page asked for. */
  foreign: string[];
  /** What the console said and what was thrown; answers that refuse are none. */
  complaints: string[];
  /** What the policy kept the page from doing. */
  violations(): Promise<string[]>;
}

/** Opens a page of the dashboard. @param hash What stands behind the address: `#/runs`. */
export async function openPage(options: {
  browser: Browser;
  url: string;
  hash: string;
  scheme?: 'light' | 'dark';
  width?: number;
}): Promise<OpenPage> {
  const { browser, url, hash, scheme = 'light', width = 1200 } = options;
  const context = await browser.newContext({ viewport: { width, height: 860 }, colorScheme: scheme });
  await context.addInitScript(() => {
    const found: string[] = [];
    Object.assign(globalThis, { policyViolations: found });
    const target = globalThis as unknown as EventTarget;
    target.addEventListener('securitypolicyviolation', (event) => {
      const { violatedDirective, blockedURI, sourceFile } = event as unknown as Record<string, string>;
      found.push(`${violatedDirective} ${blockedURI} ${sourceFile}`);
    });
  });
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  const foreign: string[] = [];
  const complaints: string[] = [];
  page.on('request', (request) => {
    if (!request.url().startsWith(url) && !request.url().startsWith('data:')) foreign.push(request.url());
  });
  page.on('console', (message) => {
    const isRefusal = /status of 4\d\d/.test(message.text()) || /ERR_(?:INCOMPLETE|CONNECTION)/.test(message.text());
    if (!isRefusal) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  await page.goto(`${url}${hash}`);
  const violations = () =>
    page.evaluate(() => (globalThis as unknown as { policyViolations: string[] }).policyViolations);
  return { page, context, foreign, complaints, violations };
}

/** What axe finds wrong with the page as it stands, shadow trees included. */
export async function findBarriers(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  return await page.evaluate(async () => {
    const { violations } = await (globalThis as unknown as { axe: typeof axe }).axe.run();
    return violations.flatMap(({ id, nodes }) =>
      nodes.map(({ html, any }) => `${id}: ${html.slice(0, 160)} ${any[0]?.message ?? ''}`),
    );
  });
}
