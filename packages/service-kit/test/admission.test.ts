import { getEventListeners } from 'node:events';
import { describe, expect, test } from 'vitest';
import { createAdmission } from '../src/admission.ts';

function setup(maxInProgress = 2, maxQueued = 2) {
  const admission = createAdmission({ maxInProgress, maxQueued });
  const log: string[] = [];
  const arrive = (name: string, signal = new AbortController().signal) => {
    admission.enter(
      signal,
      () => log.push(`start ${name}`),
      ({ code, retryAfterMs }) => log.push(`refuse ${name} ${code} ${retryAfterMs}`),
    );
  };
  return { admission, log, arrive };
}

describe('admission', () => {
  test('starts so many at once, queues a few, and then refuses the one that has waited longest', () => {
    const { admission, log, arrive } = setup();
    for (const name of ['a', 'b', 'c', 'd', 'e']) arrive(name);
    expect(log).toEqual(['start a', 'start b', 'refuse c overloaded 1000']);
    expect([admission.inProgress, admission.queued]).toEqual([2, 2]);
  });

  test('the newest is next', () => {
    const { admission, log, arrive } = setup(1, 3);
    for (const name of ['a', 'b', 'c', 'd']) arrive(name);
    for (let i = 0; i < 4; i++) admission.leave();
    expect(log).toEqual(['start a', 'start d', 'start c', 'start b']);
    expect([admission.inProgress, admission.queued]).toEqual([0, 0]);
  });

  test('what nobody waits for any more is dropped unstarted, and leaves nothing behind', () => {
    const { admission, log, arrive } = setup(1, 3);
    const caller = new AbortController();
    arrive('a');
    arrive('b', caller.signal);
    arrive('c');
    caller.abort();
    expect(admission.queued).toBe(1);
    admission.leave();
    admission.leave();
    expect(log).toEqual(['start a', 'start c']);
    expect(getEventListeners(caller.signal, 'abort')).toEqual([]);
  });

  test('whoever is started or refused leaves no listener on its signal', () => {
    const { admission, arrive } = setup(1, 1);
    const { signal } = new AbortController();
    for (const name of ['a', 'b', 'c']) arrive(name, signal);
    admission.leave();
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  test('without a queue the newcomer is refused', () => {
    const { log, arrive } = setup(1, 0);
    arrive('a');
    arrive('b');
    expect(log).toEqual(['start a', 'refuse b overloaded 1000']);
  });
});
