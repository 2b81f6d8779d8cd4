/** The simulator in a browser: the same seeds give the same journals as in Node. */
import { expect, onTestFinished, test } from 'vitest';
import { bundleForBrowser } from '../harness/browser-bundle.ts';
import { launchChromium } from '../harness/chromium.ts';
import { journalHashes } from '../harness/simulated-journals.ts';

test('Chromium gives the same journals as Node', { timeout: 120_000 }, async () => {
  const script = await bundleForBrowser(new URL('../harness/simulated-journals.ts', import.meta.url), 'simulated');
  const browser = await launchChromium();
  onTestFinished(() => browser.close());
  const page = await browser.newPage();
  await page.addScriptTag({ content: script });
  const inChromium = await page.evaluate<string[]>('simulated.journalHashes()');
  expect(inChromium).toEqual(await journalHashes());
  expect(new Set(inChromium).size).toBe(12);
});
