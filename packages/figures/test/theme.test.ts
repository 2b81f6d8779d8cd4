import { describe, expect, it } from 'vitest';
import { DARK, LIGHT } from '../src/pictures/theme.ts';

type Rgb = readonly [number, number, number];

/** Of WCAG 2.2, section 1.4. */
function contrast(a: Rgb, b: Rgb): number {
  const [x, y] = [a, b].map((colour) => {
    const [red, green, blue] = colour.map((part) =>
      part <= 0.04045 * 255 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4,
    ) as unknown as Rgb;
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  }) as [number, number];
  return (Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05);
}

describe.each([
  ['light', LIGHT],
  ['dark', DARK],
])('the colours, %s', (_, css) => {
  const colour = (name: string): Rgb => {
    const [, hex] = new RegExp(`--${name}: #([0-9a-f]{6})`).exec(css) ?? [];
    if (hex === undefined) throw new Error(`there is no colour ${name}`);
    return [0, 2, 4].map((at) => Number.parseInt(hex.slice(at, at + 2), 16)) as unknown as Rgb;
  };
  /** The ground where a fault is shaded. */
  const shaded = (() => {
    const opacity = Number(/--fault-opacity: ([\d.]+)/.exec(css)?.[1]);
    const [over, under] = [colour('fault'), colour('ground')];
    return over.map((part, index) => part * opacity + (under[index] as number) * (1 - opacity)) as unknown as Rgb;
  })();

  it.each(['success', 'degraded', 'wrong', 'failed', 'open', 'first', 'second', 'quiet', 'ink'])(
    'an area or a line in %s stands out from the ground by 3:1',
    (name) => {
      expect(contrast(colour(name), colour('ground'))).toBeGreaterThanOrEqual(3);
    },
  );

  it.each(['first', 'second', 'ink'])('a line in %s does so where a fault is shaded, too', (name) => {
    expect(contrast(colour(name), shaded)).toBeGreaterThanOrEqual(3);
  });

  it.each([
    ['ink', 'ground'],
    ['ink', 'raised'],
    ['ink', 'closed'],
    ['on-open', 'open'],
    ['quiet', 'ground'],
    ['link', 'ground'],
    ['held', 'held-ground'],
    ['not-held', 'not-held-ground'],
    ['undecided', 'undecided-ground'],
  ])('letters in %s can be read on %s', (name, ground) => {
    expect(contrast(colour(name), colour(ground))).toBeGreaterThanOrEqual(4.5);
  });

  it('letters can be read where a fault is shaded', () => {
    expect(contrast(colour('ink'), shaded)).toBeGreaterThanOrEqual(4.5);
  });
});
