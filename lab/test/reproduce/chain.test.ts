import { expect, test } from 'vitest';
import { predictions } from '../../src/reproduce/anchors/chain.ts';
import { type Chain, meanHittingTime, stationary } from '../../src/reproduce/anchors/retry-chain.ts';

/** M/M/1/4 with arrivals at 1 and service at 2 a second. */
const elementary: Chain = {
  states: 5,
  band: 1,
  jobsIn: (state) => ({ queued: state, orbiting: 0 }),
  eachRate(state, visit) {
    if (state > 0) visit(state - 1, 2);
    if (state < 4) visit(state + 1, 1);
  },
};

test('a chain with a known answer: shares are powers of ρ, and times add up', () => {
  const shares = stationary(elementary);
  for (const [state, share] of shares.entries()) expect(share).toBeCloseTo(0.5 ** state / 1.9375, 12);
  const at = (state: number) => (other: number) => other === state;
  // From 0 to 2: h0 = 1 + h1, h1 = 1/3 + 2/3 h0.
  expect(meanHittingTime(elementary, at(0), (state) => state >= 2)).toBeCloseTo(4, 12);
  // From 4 to 2: h4 = 1/2 + h3, h3 = 1/3 + 1/3 h4.
  expect(meanHittingTime(elementary, at(4), (state) => state <= 2)).toBeCloseTo(1.25, 12);
  expect(() => meanHittingTime(elementary, at(4), at(2))).toThrow('the targets must be');
});

test("the chain gives the digits of metafor's own code", () => {
  const { queue, orbit, full, lowToHighS, highToLowS } = predictions();
  expect(queue).toBeCloseTo(96.8631, 4);
  expect(orbit).toBeCloseTo(10.5821, 4);
  expect(full).toBeCloseTo(0.318671, 5);
  expect(lowToHighS).toBeCloseTo(31.3246, 4);
  expect(highToLowS).toBeGreaterThan(1e13);
});
