/** Chance that repeats: the same seed gives the same numbers in [0, 1) (Park and Miller's generator). */
export function chance(seed = 1): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}
