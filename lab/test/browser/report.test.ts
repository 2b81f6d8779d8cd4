import { existsSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { publicationOf } from '../../src/publish/publication.ts';
import { renderJunit } from '../../src/report/junit.ts';
import { renderReport } from '../../src/report/render-report.ts';
import type { VariantResult } from '../../src/result/result.ts';
import { sampleResult, withEndpoints } from '../sample-result.ts';

const BROWSERS = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

const DESK = { width: 1280, height: 900 };
const PHONE = { width: 390, height: 844 };

let browser: Browser;
const folder = mkdtempSync(join(tmpdir(), 'report-'));
const file = (name: string, text: string) => {
  writeFileSync(join(folder, name), text);
  return pathToFileURL(join(folder, name)).href;
};
const report = file('report.html', renderReport(withEndpoints(sampleResult())));
/** Whatever a user may write: a title of one long word, and a variant more than there is room for. */
const unwieldy = (() => {
  const result = sampleResult();
  const title = `Donaudampfschifffahrts${'elektrizitätenhauptbetriebswerkbau'.repeat(4)}gesellschaft`;
  const variants = [...result.variants, { ...(result.variants[1] as VariantResult), name: 'bucket' }];
  return file('unwieldy.html', renderReport({ ...result, variants, experiment: { ...result.experiment, title } }));
})();

beforeAll(async () => {
  const executablePath = process.env.CHROMIUM_PATH ?? BROWSERS.find((path) => existsSync(path));
  if (executablePath === undefined) {
    throw new Error(
      `these tests need Chromium, and there is none at ${BROWSERS.join(', ')}: \`sudo apt-get install chromium\`, or set CHROMIUM_PATH`,
    );
  }
  const args = ['--no-sandbox', '--disable-gpu', '--disable-background-networking'];
  browser = await chromium.launch({ executablePath, args });
});
afterAll(() => browser?.close());

/** Opens an address, and writes down what the page asked for and complained about. */
async function open(url: string, viewport: typeof DESK, colorScheme: 'light' | 'dark') {
  const page = await browser.newPage({ viewport, colorScheme });
  const [requests, complaints]: [string[], string[]] = [[], []];
  page.on('request', (request) => requests.push(request.url()));
  page.on('console', (message) => complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(String(error)));
  await page.goto(url);
  return { page, requests, complaints };
}

describe.each([
  ['a desk', DESK, 'light'],
  ['a desk', DESK, 'dark'],
  ['a phone', PHONE, 'light'],
  ['a phone', PHONE, 'dark'],
] as const)('the report on %s (%o), %s', (_, viewport, colorScheme) => {
  let opened: Awaited<ReturnType<typeof open>>;
  beforeAll(async () => {
    opened = await open(report, viewport, colorScheme);
  });
  afterAll(() => opened.page.close());

  it('asks for nothing, complains of nothing, and does not scroll sideways', async () => {
    const { page, requests, complaints } = opened;
    expect(requests.filter((url) => url !== report && !url.startsWith('data:'))).toEqual([]);
    expect(complaints).toEqual([]);
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(viewport.width);
  });

  it('says what callers got without scrolling', async () => {
    // The widest figures there are: 24.83 %, 2005 ms, 1.099×, 1000 ms.
    const over = await opened.page.evaluate(`(() => {
      const box = document.querySelector('.glance');
      const widest = { 1: '24.83 %', 2: '2005 ms', 3: '1.099×', 4: '1000 ms' };
      for (const row of box.querySelectorAll('tbody tr')) for (const [at, text] of Object.entries(widest)) row.children[at].textContent = text;
      return box.scrollWidth - box.clientWidth;
    })()`);
    expect(over).toBe(0);
  });

  it('shows a picture for each variant, whole, in letters that can be read', async () => {
    const pictures = await shownPictures(opened.page);
    expect(pictures).toHaveLength(2);
    for (const { left, right, height, marks, letterPixels, named, cutOff, unpainted } of pictures) {
      expect(left).toBeGreaterThanOrEqual(0);
      expect(right).toBeLessThanOrEqual(viewport.width);
      expect(height).toBeGreaterThan(400);
      // Two areas at least, five lines, a breaker's state, and the span of the fault in three panels.
      expect(marks).toBeGreaterThanOrEqual(11);
      expect(letterPixels).toBeGreaterThanOrEqual(11);
      expect(named).toBe(true);
      expect(cutOff).toEqual([]);
      expect(unpainted).toEqual([]);
    }
  });

  it('has a contrast of at least 4.5 for all text outside of pictures', async () => {
    expect(await opened.page.evaluate(FAINT_TEXTS)).toEqual([]);
  });
});

it.each([
  ['a desk', DESK],
  ['a phone', PHONE],
] as const)('bears long words and many variants on %s', async (_, viewport) => {
  const { page } = await open(unwieldy, viewport, 'light');
  expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(viewport.width);
  // Five columns: on a desk nobody has to scroll for them, on a phone the name of the figure stays where it is.
  const over = await page.evaluate(`(() => {
    const box = document.querySelector('.figures');
    box.scrollLeft = 200;
    return {
      hidden: box.scrollWidth - box.clientWidth,
      left: box.querySelector('tbody th[scope="row"]').getBoundingClientRect().left - box.getBoundingClientRect().left,
    };
  })()`);
  if (viewport === DESK) expect(over).toMatchObject({ hidden: 0 });
  expect((over as { left: number }).left).toBeLessThanOrEqual(1);
  await page.close();
});

it('uses the room that a desk at 200 % has', async () => {
  const { page } = await open(report, { width: 720, height: 450 }, 'light');
  for (const { left, right, letterPixels } of await shownPictures(page)) {
    expect(right - left).toBeGreaterThan(640);
    expect(letterPixels).toBeGreaterThanOrEqual(11);
  }
  await page.close();
});

it('is printed dark on white, with letters of a size for paper, and nothing folded away', async () => {
  const { page } = await open(report, { width: 718, height: 1000 }, 'dark');
  await page.emulateMedia({ media: 'print' });
  expect(await page.evaluate('getComputedStyle(document.body).backgroundColor')).toBe('rgb(255, 255, 255)');
  const pictures = await shownPictures(page);
  expect(pictures).toHaveLength(2);
  for (const { letterPixels } of pictures) expect(letterPixels).toBeGreaterThanOrEqual(11);
  const folded = await page.evaluate(
    `[...document.querySelectorAll('details > :not(summary)')].filter((part) => !part.checkVisibility({ contentVisibilityAuto: true })).length`,
  );
  expect(folded).toBe(0);
  await page.close();
});

it('is another picture in the dark', async () => {
  const shots = await Promise.all(
    (['light', 'dark'] as const).map(async (colorScheme) => {
      const { page } = await open(report, DESK, colorScheme);
      const ground = await page.evaluate('getComputedStyle(document.body).backgroundColor');
      const shot = await (await page.$('.picture:visible'))?.screenshot();
      await page.close();
      return { ground, shot: shot?.toString('base64') };
    }),
  );
  expect(shots.map(({ ground }) => ground)).toEqual(['rgb(255, 255, 255)', 'rgb(13, 17, 23)']);
  expect(shots[0]?.shot).not.toBe(shots[1]?.shot);
});

it('lets nobody without a mouse miss the end of a wide table', async () => {
  const { page } = await open(report, PHONE, 'light');
  await page.focus('.figures');
  await page.keyboard.press('ArrowRight');
  await expect.poll(() => page.evaluate('document.querySelector(".figures").scrollLeft')).toBeGreaterThan(0);
  await page.close();
});

it.each(['light', 'dark'] as const)('publishes pictures that stand alone as files, %s', async (colorScheme) => {
  for (const { file: name, svg } of publicationOf([sampleResult()]).pictures) {
    const { page, requests, complaints } = await open(file(name, svg), DESK, colorScheme);
    expect(requests).toHaveLength(1);
    expect(complaints).toEqual([]);
    expect(await page.evaluate('getComputedStyle(document.documentElement).backgroundColor')).toBe(
      { light: 'rgb(255, 255, 255)', dark: 'rgb(13, 17, 23)' }[colorScheme],
    );
    expect({ name, overlapping: await page.evaluate(OVERLAPPING_TEXTS) }).toEqual({ name, overlapping: [] });
    await page.close();
  }
});

it('makes XML for CI that an XML parser takes', async () => {
  const hypotheses = sampleResult().hypotheses.map((one) => ({ ...one, text: `a "b" <c> & \u0007 ${one.text}` }));
  const page = await browser.newPage();
  const cases = await page.evaluate(
    `new DOMParser().parseFromString(${JSON.stringify(renderJunit({ ...sampleResult(), hypotheses }))}, 'application/xml').querySelectorAll('testsuites > testsuite > testcase').length`,
  );
  expect(cases).toBe(5);
  await page.close();
});

interface ShownPicture {
  readonly left: number;
  readonly right: number;
  readonly height: number;
  readonly marks: number;
  readonly letterPixels: number;
  /** Whether title and description are there, which a screen reader reads. */
  readonly named: boolean;
  /** Texts that reach out of the picture. */
  readonly cutOff: readonly string[];
  /** Fills that name a pattern which the picture does not hold: such an area stays empty. */
  readonly unpainted: readonly string[];
}

function shownPictures(page: Page): Promise<ShownPicture[]> {
  return page.evaluate<
    ShownPicture[]
  >(`[...document.querySelectorAll('.picture')].filter((svg) => svg.getBoundingClientRect().width > 0).map((svg) => {
    const { left, right, height } = svg.getBoundingClientRect();
    const drawn = [...svg.querySelectorAll('svg g[aria-label] :is(path, rect)')].filter((mark) => mark.getBBox().width > 2);
    const letters = svg.querySelector('.heading');
    const scale = svg.getBoundingClientRect().width / svg.viewBox.baseVal.width;
    const names = svg.getAttribute('aria-labelledby').split(' ').map((id) => document.getElementById(id));
    return {
      left, right, height, marks: drawn.length,
      letterPixels: parseFloat(getComputedStyle(letters).fontSize) * scale,
      cutOff: [...svg.querySelectorAll('text')].filter((text) => {
        const box = text.getBoundingClientRect();
        return box.width > 0 && (box.left < left - 1 || box.right > right + 1);
      }).map((text) => text.textContent),
      unpainted: [...svg.querySelectorAll('[fill^="url"]')].map((mark) => mark.getAttribute('fill').slice(5, -1))
        .filter((id) => !svg.contains(document.getElementById(id))),
      named: names.every((name) => svg.contains(name) && name.textContent.length > 10),
    };
  })`);
}

/** Texts of a picture of which one covers another. */
const OVERLAPPING_TEXTS = `(() => {
  const texts = [...document.querySelectorAll('text')].map((text) => ({ of: text.textContent, box: text.getBoundingClientRect() }));
  return texts.flatMap((a, index) => texts.slice(index + 1)
    .filter((b) => a.box.left < b.box.right - 1 && b.box.left < a.box.right - 1 && a.box.top < b.box.bottom - 3 && b.box.top < a.box.bottom - 3)
    .map((b) => a.of + ' | ' + b.of));
})()`;

/** Texts whose colour stands out from its ground by less than WCAG 2.2's 4.5:1; outside of pictures, where the ground is the page's. */
const FAINT_TEXTS = `(() => {
  const rgb = (text) => text.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map((c) => c / 255).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const ground = (element) => {
    const colour = rgb(getComputedStyle(element).backgroundColor);
    return colour.length === 4 && colour[3] === 0 ? ground(element.parentElement) : colour;
  };
  return [...document.querySelectorAll('main *')]
    .filter((element) => !element.closest('svg') && [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim() !== ''))
    .map((element) => {
      const [a, b] = [light(rgb(getComputedStyle(element).color)), light(ground(element))];
      return { text: element.textContent.trim().slice(0, 40), contrast: (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05) };
    })
    .filter(({ contrast }) => contrast < 4.5);
})()`;
