import type { Anchor } from './anchor.ts';
import { backoff } from './anchors/backoff.ts';
import { bucket } from './anchors/bucket.ts';
import { collapse } from './anchors/collapse.ts';
import { metastable } from './anchors/metastable.ts';

/** Every published result that can be reproduced, in the order of the page. */
export const ANCHORS: readonly Anchor[] = [backoff, bucket, collapse, metastable];
