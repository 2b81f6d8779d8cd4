import { expect, test } from 'vitest';
import { experimentForm } from '../src/experiment/format.ts';
import { labelOf } from '../src/faults/label.ts';

test.each([
  [{ layer: 'plan', label: 'as it is called', faults: [{ id: 'a', hang: true }] }, 'as it is called'],
  [
    { layer: 'plan', faults: [{ id: 'gray', rate: 0.9, status: 503, retryAfter: 1 }], replica: 2 },
    'greeter 2: status 503 (90 %)',
  ],
  [{ layer: 'plan', faults: [{ id: 'a', delayMs: 700, jitterMs: 5, status: 500 }] }, '700 ms later, status 500'],
  [
    {
      layer: 'plan',
      faults: [
        { id: 'a', rate: 0.333, delayMs: { distribution: 'exponential', meanMs: 9 } },
        { id: 'b', wrongType: true },
      ],
    },
    'later (33.3 %), wrongType',
  ],
  [{ layer: 'process', replica: 2, action: 'pause' }, 'greeter 2 paused'],
  [{ layer: 'process', action: 'kill' }, 'greeter 1 killed'],
  [
    { layer: 'wire', toxics: [{ type: 'latency', attributes: { latency: 300, jitter: 50 } }] },
    'wire: latency 300 jitter 50',
  ],
  [
    {
      layer: 'wire',
      proxy: 'db',
      toxics: [
        { type: 'timeout', toxicity: 0.5 },
        { type: 'slow_close', attributes: { delay: 9 } },
      ],
    },
    'wire db: timeout (50 %), slow_close delay 9',
  ],
])('%j', (method, label) => {
  expect(labelOf(experimentForm.shape.method.unwrap().element.parse(method))).toBe(label);
});
