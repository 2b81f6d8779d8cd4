import type { Measurement } from '../measurement.ts';
import { ADMISSION } from './admission.ts';
import { ATTEMPT_TIMEOUT } from './attempt-timeout.ts';
import { BALANCER } from './balancer.ts';
import { BREAKER } from './breaker.ts';
import { BULKHEAD } from './bulkhead.ts';
import { COALESCE } from './coalesce.ts';
import { DEADLINE } from './deadline.ts';
import { HEDGE } from './hedge.ts';
import { RETRY } from './retry.ts';
import { STALE_IF_ERROR } from './stale-if-error.ts';

/** The measurements for each page of docs/policies, in the order of its table. */
export const ANTI_PATTERNS: Readonly<Record<string, readonly Measurement[]>> = {
  'stale-if-error.md': STALE_IF_ERROR,
  'deadline.md': DEADLINE,
  'coalesce.md': COALESCE,
  'bulkhead.md': BULKHEAD,
  'retry.md': RETRY,
  'hedge.md': HEDGE,
  'balancer.md': BALANCER,
  'breaker.md': BREAKER,
  'attempt-timeout.md': ATTEMPT_TIMEOUT,
  'admission.md': ADMISSION,
};
