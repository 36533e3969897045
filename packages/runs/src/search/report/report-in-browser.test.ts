import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { coefficientContent, evolutionContent } from '../../../test/search-content.ts';
import { renderSearchReport } from './render-report.ts';

/** Where Debian's package and others put it; HUBFUSE_CHROMIUM names another one. */
const CHROMIUM = [
  process.env.HUBFUSE_CHROMIUM,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
].find((path) => path !== undefined && path !== '' && existsSync(path));
/** A folder for pictures of the pages, to be looked at. */
const PICTURES = process.env.HUBFUSE_SCREENSHOTS;

const REPORTS = {
  'evolution-around-a-method': renderSearchReport(evolutionContent({ generations: 15, alone: false })),
  'evolution-alone': renderSearchReport(evolutionContent({ generations: 6, alone: true })),
  coefficients: renderSearchReport(coefficientContent(60)),
};

describe.skipIf(CHROMIUM === undefined)(
  `the report in Chromium${CHROMIUM === undefined ? ' (skipped: Chromium is not installed; apt-get install chromium)' : ''}`,
  () => {
    let browser: Browser;
    let folder: string;
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'hubfuse-report-'));
      browser = await chromium.launch({
        ...(CHROMIUM === undefined ? {} : { executablePath: CHROMIUM }),
        // Pages of our own from this disk; the sandbox needs rights that containers do not give.
        args: ['--no-sandbox'],
      });
    }, 60_000);
    afterAll(async () => {
      await browser?.close();
      await rm(folder, { recursive: true, force: true });
    });

    test.each(
      Object.entries(REPORTS).flatMap(([name, html]) =>
        (['light', 'dark'] as const).flatMap((scheme) => [1200, 420].map((width) => ({ name, html, scheme, width }))),
      ),
    )('$name, $scheme, $width wide: everything is shown, fits and stands out from its ground', async (view) => {
      const { name, html, scheme, width } = view;
      const file = join(folder, `${name}.html`);
      await writeFile(file, html);
      const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme: scheme });
      const asked: string[] = [];
      const complaints: string[] = [];
      page.on('request', (request) => asked.push(request.url()));
      page.on('console', (message) => complaints.push(message.text()));
      page.on('pageerror', (error) => complaints.push(error.message));
      await page.goto(pathToFileURL(file).href);
      if (PICTURES) {
        await mkdir(PICTURES, { recursive: true });
        await page.screenshot({ path: join(PICTURES, `${name}-${scheme}-${width}.png`), fullPage: true });
      }
      expect(asked).toEqual([pathToFileURL(file).href]);
      expect(complaints).toEqual([]);
      const { chartWidths, overflow, contrast } = await measure(page);
      expect(chartWidths.length).toBe(4);
      for (const chart of chartWidths) expect(chart).toBeGreaterThan(width * 0.6);
      expect(overflow).toBeLessThanOrEqual(0);
      expect(contrast).toBeGreaterThan(4.5);
      await page.close();
    });
  },
);

/** Widths of the charts, pixels by which the page is too wide, and the least contrast of soft text to its card. */
async function measure(page: Page): Promise<{ chartWidths: number[]; overflow: number; contrast: number }> {
  return await page.evaluate(`(() => {
    const luminance = (color) => {
      const [r, g, b] = color.match(/[\\d.]+/g).map((part) => {
        const channel = Number(part) / 255;
        return channel <= 0.03928 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4;
      });
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const card = document.querySelector('section');
    const soft = getComputedStyle(card.querySelector('p')).color;
    const [a, b] = [luminance(soft), luminance(getComputedStyle(card).backgroundColor)];
    return {
      chartWidths: [...document.querySelectorAll('svg')].map((svg) => svg.getBoundingClientRect().width),
      overflow: document.documentElement.scrollWidth - document.documentElement.clientWidth,
      contrast: (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05),
    };
  })()`);
}
