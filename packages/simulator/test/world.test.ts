import { describe, expect, test } from 'vitest';
import { createWorld } from '../src/engine/world.ts';

describe('a world', () => {
  test('lets every promise settle between two events of one moment', async () => {
    const world = createWorld(1);
    const seen: string[] = [];
    const chained = async (name: string) => {
      for (let hop = 0; hop < 20; hop++) await Promise.resolve();
      seen.push(name);
    };
    world.at(5, () => void chained('promises of the first'));
    world.at(5, () => seen.push('second'));
    await world.run();
    expect(seen).toEqual(['promises of the first', 'second']);
  });

  test('stands at the limit when nothing is left before it', async () => {
    const world = createWorld(1);
    let ran = false;
    world.at(20, () => {
      ran = true;
    });
    await world.run(10);
    expect([world.nowMs, ran, world.pending]).toEqual([10, false, 1]);
    await world.run(20);
    expect([world.nowMs, ran, world.pending]).toEqual([20, true, 0]);
  });

  test('does not run what was cancelled', async () => {
    const world = createWorld(1);
    const seen: number[] = [];
    const cancel = world.clock.after(10, () => seen.push(1));
    world.clock.after(20, () => seen.push(2));
    cancel();
    await world.run();
    expect(seen).toEqual([2]);
  });

  test('stops where it is when it is aborted, and can go on', async () => {
    const world = createWorld(1);
    const controller = new AbortController();
    let ticks = 0;
    const tick = () => {
      ticks++;
      if (world.nowMs === 1_000) controller.abort();
      world.clock.after(1, tick);
    };
    tick();
    expect(await world.run(100_000, { signal: controller.signal })).toBe(false);
    expect(world.nowMs).toBeGreaterThanOrEqual(1_000);
    expect(world.nowMs).toBeLessThan(2_000);
    const before = ticks;
    expect(await world.run(3_000)).toBe(true);
    expect(ticks).toBeGreaterThan(before);
  });

  test('is aborted among models that settle no promise, too', async () => {
    const world = createWorld(1);
    const controller = new AbortController();
    const tick = () => {
      if (world.nowMs === 10) controller.abort();
      world.schedule(1, tick);
    };
    tick();
    expect(await world.run(1e7, { signal: controller.signal })).toBe(false);
  });

  test('rejects with what an event threw', async () => {
    const world = createWorld(1);
    world.at(1, () => {
      throw new TypeError('a mistake in a model');
    });
    await expect(world.run()).rejects.toThrow('a mistake in a model');
  });

  test('says how far it is', async () => {
    const world = createWorld(1);
    const tick = () => world.clock.after(1, tick);
    tick();
    const seen: number[] = [];
    await world.run(2_000, { onProgress: (nowMs) => seen.push(nowMs) });
    expect(seen.length).toBeGreaterThan(3);
    expect(seen).toEqual(seen.toSorted((a, b) => a - b));
  });
});

describe('chance', () => {
  test('depends on seed, entity and purpose, and on nothing else', () => {
    const draw = (seed: number, entity: string, purpose: string) => createWorld(seed).random(entity, purpose)();
    expect(draw(1, 'a', 'b')).toBe(draw(1, 'a', 'b'));
    expect(new Set([draw(1, 'a', 'b'), draw(2, 'a', 'b'), draw(1, 'c', 'b'), draw(1, 'a', 'c')]).size).toBe(4);
  });

  test('belongs to an attempt, whatever order attempts come in', () => {
    const draws = (order: readonly (readonly [string, number])[]) => {
      const chance = createWorld(1).attemptChance('server', 'service');
      return new Map(
        order.map(([id, attempt]) => {
          const random = chance.of({ id, attempt });
          return [`${id} ${attempt}`, [random(), random()]];
        }),
      );
    };
    const one = draws([
      ['1', 1],
      ['1', 2],
      ['2', 1],
    ]);
    const other = draws([
      ['2', 1],
      ['1', 1],
      ['3', 1],
    ]);
    expect(other.get('1 1')).toEqual(one.get('1 1'));
    expect(other.get('2 1')).toEqual(one.get('2 1'));
    expect(new Set([...one.values()].flat()).size).toBe(6);
  });

  test('of attempts is uniform and independent of the neighbour', () => {
    const chance = createWorld(1).attemptChance('server', 'service');
    const count = 20_000;
    const draws = Array.from({ length: count }, (_, id) => chance.of({ id: `${id}`, attempt: 1 })());
    const bins = Array.from({ length: 20 }, () => 0);
    for (const draw of draws) bins[Math.floor(draw * 20)] = (bins[Math.floor(draw * 20)] as number) + 1;
    const chiSquare = bins.reduce((sum, seen) => sum + (seen - count / 20) ** 2 / (count / 20), 0);
    // The 99.9th percentile with 19 degrees of freedom.
    expect(chiSquare).toBeLessThan(43.8);
    const covariance =
      draws.slice(1).reduce((sum, draw, index) => sum + (draw - 0.5) * ((draws[index] as number) - 0.5), 0) / count;
    // Four standard deviations of (1/12) / √n.
    expect(Math.abs(12 * covariance)).toBeLessThan(4 / Math.sqrt(count));
  });
});
