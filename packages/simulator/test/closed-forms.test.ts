/** The models of servers against queueing theory: the exact value is within the 99 % interval of twenty replications. */
import { expect, test } from 'vitest';
import { bimodal, constant, exponential, type ServerOptions } from '../src/index.ts';
import { erlangB, erlangC, type Interval, lossOf, type Observed, replicate } from './queueing-theory.ts';

interface Case {
  readonly name: string;
  readonly server: Omit<ServerOptions, 'name'>;
  readonly perS: number;
  readonly exact: Partial<Observed>;
  /** The interval is at most this wide, relative to the exact value. Otherwise it would contain anything. */
  readonly precision: number;
}

const LENGTH_MS = 240_000;

const CASES: readonly Case[] = [
  {
    name: 'M/M/1, ρ = 0.8',
    server: { workers: 1, service: exponential(10) },
    perS: 80,
    exact: { meanMs: 10 / 0.2, inSystem: 0.8 / 0.2 },
    precision: 0.05,
  },
  {
    name: 'M/D/1, ρ = 0.8 (Pollaczek and Khinchine)',
    server: { workers: 1, service: constant(10) },
    perS: 80,
    exact: { meanMs: 10 + (0.8 * 10) / (2 * 0.2) },
    precision: 0.05,
  },
  {
    name: 'M/G/1 with two durations, ρ = 0.7 (Pollaczek and Khinchine)',
    // Mean 14 ms, second moment 0.9 · 10² + 0.1 · 50² = 340 ms².
    server: { workers: 1, service: bimodal(constant(10), constant(50), 0.1) },
    perS: 50,
    exact: { meanMs: 14 + (0.05 * 340) / (2 * (1 - 0.7)) },
    precision: 0.06,
  },
  {
    name: 'M/M/4, ρ = 0.9 (Erlang C)',
    server: { workers: 4, service: exponential(40) },
    perS: 90,
    exact: { meanMs: 40 + (erlangC(4, 3.6) * 40) / (4 - 3.6) },
    precision: 0.12,
  },
  {
    name: 'M/M/1, the newest first, ρ = 0.8: the mean does not depend on the order',
    server: { workers: 1, service: exponential(10), discipline: 'lifo' },
    perS: 80,
    exact: { meanMs: 50 },
    precision: 0.06,
  },
  {
    name: 'M/M/1 with processor sharing, ρ = 0.8',
    server: { workers: 1, service: exponential(10), discipline: 'processor_sharing' },
    perS: 80,
    exact: { meanMs: 10 / 0.2, inSystem: 4 },
    precision: 0.05,
  },
  {
    name: 'M/D/1 with processor sharing, ρ = 0.8: the mean does not depend on the distribution',
    server: { workers: 1, service: constant(10), discipline: 'processor_sharing' },
    perS: 80,
    exact: { meanMs: 10 / 0.2 },
    precision: 0.05,
  },
  {
    name: 'M/M/1/6, ρ = 1.2',
    server: { workers: 1, service: exponential(10), maxQueued: 5 },
    perS: 120,
    exact: { refused: lossOf(1.2, 6) },
    precision: 0.05,
  },
  {
    name: 'our admission with one place and a queue of five, ρ = 1.2: loses as M/M/1/6 does',
    server: { workers: 1, service: exponential(10), discipline: 'admission', maxQueued: 5 },
    perS: 120,
    exact: { refused: lossOf(1.2, 6) },
    precision: 0.05,
  },
  {
    name: 'M/D/3/3, 2.5 erlangs (Erlang B): the loss does not depend on the distribution',
    server: { workers: 3, service: constant(25), maxQueued: 0 },
    perS: 100,
    exact: { refused: erlangB(3, 2.5) },
    precision: 0.05,
  },
];

const contains = ({ mean, half }: Interval, exact: number, precision: number) => {
  expect(half).toBeLessThan(precision * exact);
  expect(mean).toBeGreaterThan(exact - half);
  expect(mean).toBeLessThan(exact + half);
};

// Nothing but arithmetic, which a busy machine may take its time for.
test.each(CASES)('$name', { timeout: 60_000 }, async ({ server, perS, exact, precision }) => {
  const observed = await replicate(server, perS, LENGTH_MS);
  for (const [figure, value] of Object.entries(exact)) contains(observed[figure as keyof Observed], value, precision);
  // Little's law, L = λ · W, holds for every one of them. Only those who are there at the beginning and at the end disturb it.
  const { inSystem, meanOfAllMs, offeredPerS } = observed;
  const ratio = inSystem.mean / ((offeredPerS.mean * meanOfAllMs.mean) / 1_000);
  expect(Math.abs(ratio - 1)).toBeLessThan(0.01);
});
