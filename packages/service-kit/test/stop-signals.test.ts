import { EventEmitter } from 'node:events';
import { describe, expect, test } from 'vitest';
import { catchStopSignals, PARENT_GONE } from '../src/stop-signals.ts';

/** A process that notes how often it was told to exit. */
function processOf(pid: number) {
  const exits: (number | string | null | undefined)[] = [];
  const process = Object.assign(new EventEmitter(), {
    pid,
    exit: (code?: number | string | null) => {
      exits.push(code);
      return undefined as never;
    },
  });
  const signals = catchStopSignals(process as never);
  return { process, signals, exits };
}

describe('before the service has loaded', () => {
  test('PID 1 has no default action: a handler ends it', () => {
    const { process, exits } = processOf(1);
    process.emit('SIGTERM', 'SIGTERM');
    process.emit('SIGINT', 'SIGINT');
    expect(exits).toEqual([0, 0]);
  });

  test('elsewhere the default action does, which waits for no event loop', () => {
    const { process } = processOf(7);
    expect(process.listenerCount('SIGTERM')).toBe(0);
    expect(process.listenerCount('SIGINT')).toBe(0);
  });

  test.each([1, 7])('PID %i ends when its parent is gone', (pid) => {
    const { process, exits } = processOf(pid);
    process.emit('disconnect');
    expect(exits).toEqual([0]);
  });
});

test.each([1, 7])('afterwards PID %i hears each signal once', (pid) => {
  const { process, signals, exits } = processOf(pid);
  const reasons: string[] = [];
  signals.onStop((reason) => reasons.push(reason));
  process.emit('SIGTERM', 'SIGTERM');
  process.emit('SIGINT', 'SIGINT');
  process.emit('disconnect');
  expect(reasons).toEqual(['SIGTERM', 'SIGINT', PARENT_GONE]);
  expect(exits).toEqual([]);
});
