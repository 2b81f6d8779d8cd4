import { EventEmitter } from 'node:events';
import type { ServerResponse } from 'node:http';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { hold } from '../src/effects.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function heldResponse() {
  const resetAndDestroy = vi.fn();
  const res = Object.assign(new EventEmitter(), { socket: { resetAndDestroy } });
  hold(res as unknown as ServerResponse);
  return { res, resetAndDestroy };
}

test('nobody is held for ever: after a minute the connection is reset', () => {
  const { resetAndDestroy } = heldResponse();
  vi.advanceTimersByTime(59_999);
  expect(resetAndDestroy).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);
  expect(resetAndDestroy).toHaveBeenCalledOnce();
});

test('a caller that leaves before takes the timer along', () => {
  const { res, resetAndDestroy } = heldResponse();
  res.emit('close');
  expect(vi.getTimerCount()).toBe(0);
  expect(resetAndDestroy).not.toHaveBeenCalled();
});
