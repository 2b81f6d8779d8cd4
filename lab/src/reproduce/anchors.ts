import type { Anchor } from './anchor.ts';
import { backoff } from './anchors/backoff.ts';
import { bucket } from './anchors/bucket.ts';
import { chain } from './anchors/chain.ts';
import { collapse } from './anchors/collapse.ts';
import { edge } from './anchors/edge.ts';
import { hops } from './anchors/hops.ts';
import { lifo } from './anchors/lifo.ts';
import { metastable } from './anchors/metastable.ts';
import { sregym } from './anchors/sregym.ts';
import { tail } from './anchors/tail.ts';

/** Every published result that can be reproduced, in the order of the page. */
export const ANCHORS: readonly Anchor[] = [
  backoff,
  bucket,
  collapse,
  metastable,
  hops,
  tail,
  sregym,
  lifo,
  edge,
  chain,
];
