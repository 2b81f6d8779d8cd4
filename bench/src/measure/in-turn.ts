/**
 * Measures everybody once a round, there and back (A B C, C B A, A B C, …): what changes slowly, such as the warmth of the machine
 * or a neighbour, hits all of them alike.
 * @returns what was measured, by name, in order of the rounds
 */
export async function inTurn<T extends { readonly name: string }, R>(
  all: readonly T[],
  rounds: number,
  measure: (one: T, round: number) => Promise<R>,
): Promise<Record<string, R[]>> {
  const measured: Record<string, R[]> = Object.fromEntries(all.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const one of round % 2 === 0 ? all : all.toReversed()) {
      measured[one.name]?.push(await measure(one, round));
    }
  }
  return measured;
}
