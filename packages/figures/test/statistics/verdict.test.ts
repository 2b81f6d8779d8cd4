import { describe, expect, it } from 'vitest';
import { judge, worst } from '../../src/statistics/index.ts';

describe('judge', () => {
  it.each([
    [{ atLeast: 0.95 }, [0.96, 0.99], 'held'],
    [{ atLeast: 0.95 }, [0.95, 0.99], 'held'],
    [{ atLeast: 0.95 }, [0.94, 0.99], 'inconclusive'],
    [{ atLeast: 0.95 }, [0.8, 0.94], 'failed'],
    [{ atMost: 500 }, [300, 500], 'held'],
    [{ atMost: 500 }, [300, 501], 'inconclusive'],
    [{ atMost: 500 }, [501, 900], 'failed'],
    [{ atLeast: 1, atMost: 2 }, [1.2, 1.4], 'held'],
    [{ atLeast: 1, atMost: 2 }, [0.9, 1.4], 'inconclusive'],
    [{ atLeast: 1, atMost: 2 }, [2.1, 2.4], 'failed'],
  ] as const)('%o with the interval %o: %s', (bounds, interval, verdict) => {
    expect(judge({ value: (interval[0] + interval[1]) / 2, interval }, bounds)).toBe(verdict);
  });

  it('cannot say without an interval', () => {
    expect(judge({ value: 3, interval: null }, { atMost: 500 })).toBe('inconclusive');
  });

  it('judges a share that must be 0 or 1 by what was seen', () => {
    expect(judge({ value: 0, interval: [0, 0.004] }, { atMost: 0 }, [0, 1])).toBe('held');
    expect(judge({ value: 0.001, interval: [0, 0.004] }, { atMost: 0 }, [0, 1])).toBe('failed');
    expect(judge({ value: 1, interval: [0.996, 1] }, { atLeast: 1 }, [0, 1])).toBe('held');
    expect(judge({ value: 0, interval: [0, 0.004] }, { atMost: 0 })).toBe('inconclusive');
  });
});

describe('worst', () => {
  it('is the verdict of an experiment', () => {
    expect(worst(['held', 'held'])).toBe('held');
    expect(worst(['held', 'inconclusive'])).toBe('inconclusive');
    expect(worst(['inconclusive', 'failed', 'held'])).toBe('failed');
    expect(worst([])).toBe('inconclusive');
  });
});
