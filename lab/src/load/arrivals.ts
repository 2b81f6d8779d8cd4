import type { Load } from '../experiment/format.ts';
import { endOf } from '../experiment/phases.ts';
import { chance } from './chance.ts';

export interface Arrivals {
  /** When each request is due, in milliseconds from the beginning of `before`, ascending; negative in the warm-up. */
  readonly dueMs: Float64Array;
  /** Index of the entry of the mix. */
  readonly entry: Uint8Array;
}

/**
 * All arrivals of a run, decided before it begins. The same load and seed give the same arrivals to every variant, and
 * nothing that the system does can delay them (open loop; Schroeder, Wierman, Harchol-Balter 2006).
 *
 * Arrivals of unit rate are mapped through the integral of the rate, so ramps only change their density.
 */
export function arrivalsOf(load: Load, seed: number): Arrivals {
  const segments = segmentsOf(load);
  const random = chance(seed, 'arrivals');
  const next = load.arrivals === 'constant' ? () => 1 : () => -Math.log(1 - random());
  const dueMs: number[] = [];
  // A constant stream begins in the middle of its first gap, so that two phases of equal length get the same number.
  let expected = load.arrivals === 'constant' ? 0.5 : next();
  let passed = 0;
  for (const segment of segments) {
    const area = ((segment.fromRate + segment.toRate) / 2) * (segment.toS - segment.fromS);
    while (expected < passed + area) {
      dueMs.push(1_000 * (segment.fromS + inverse(segment, expected - passed)));
      expected += next();
    }
    passed += area;
  }
  return { dueMs: Float64Array.from(dueMs), entry: drawMix(load, seed, dueMs.length) };
}

/** A part of the time axis in which the rate is constant or changes linearly. */
export interface Segment {
  readonly fromS: number;
  readonly toS: number;
  readonly fromRate: number;
  readonly toRate: number;
}

export function segmentsOf(load: Load): Segment[] {
  const endS = endOf(load.phases);
  const points = [{ atS: -load.warmUpS, ratePerS: load.ratePerS }, { atS: 0, ratePerS: load.ratePerS }, ...load.ramps];
  points.push({ atS: endS, ratePerS: points.at(-1)?.ratePerS ?? load.ratePerS });
  return points.slice(1).flatMap(({ atS, ratePerS }, index) => {
    const from = points[index] ?? { atS, ratePerS };
    return atS > from.atS ? [{ fromS: from.atS, toS: atS, fromRate: from.ratePerS, toRate: ratePerS }] : [];
  });
}

/** How many seconds into the segment its integral reaches `area`. */
function inverse({ fromS, toS, fromRate, toRate }: Segment, area: number): number {
  const slope = (toRate - fromRate) / (toS - fromS);
  // The root of slope/2 · t² + fromRate · t = area, in the form that stays exact when the slope is zero.
  return (2 * area) / (fromRate + Math.sqrt(fromRate ** 2 + 2 * slope * area));
}

function drawMix({ mix }: Load, seed: number, count: number): Uint8Array {
  const random = chance(seed, 'mix');
  const total = mix.reduce((sum, { weight }) => sum + weight, 0);
  return Uint8Array.from({ length: count }, () => {
    let left = random() * total;
    const index = mix.findIndex(({ weight }) => (left -= weight) < 0);
    return index < 0 ? mix.length - 1 : index;
  });
}
