/** The id of an arrival's request: the same in every variant, so that a fault plan picks the same victims. */
export function requestIdOf(seed: number, index: number): string {
  return `lab-${seed}-${index}`;
}

/** Which arrival a request id belongs to; `undefined` if it is none of this run. */
export function indexOfRequestId(seed: number, requestId: string): number | undefined {
  const prefix = `lab-${seed}-`;
  const index = requestId.startsWith(prefix) ? Number(requestId.slice(prefix.length)) : Number.NaN;
  return Number.isInteger(index) ? index : undefined;
}
